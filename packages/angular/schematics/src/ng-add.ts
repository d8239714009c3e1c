import {
  apply,
  applyTemplates,
  chain,
  filter,
  mergeWith,
  move,
  noop,
  SchematicsException,
  url,
  type Rule,
  type SchematicContext,
  type Tree,
} from '@angular-devkit/schematics';
import {
  addDependency,
  addRootProvider,
  DependencyType,
  ExistingBehavior,
  InstallBehavior,
  readWorkspace,
  updateWorkspace,
} from '@schematics/angular/utility';
import { findApplication, type Application } from './application.ts';
import { showInRoot } from './show-in-root.ts';

/** The options of `ng add @sillage/angular`. */
export interface NgAddOptions {
  readonly project?: string;
  readonly emulator?: boolean;
  readonly tenant?: string;
  readonly clientId?: string;
  readonly scope?: string;
  readonly baseUrl?: string;
  /** Where the emulator listens. @default 8400 */
  readonly emulatorPort?: number;
  /** Where the server of the emulator's users listens. @default 3000 */
  readonly apiPort?: number;
  readonly skipInstall?: boolean;
}

const version = '^0.0.0';
/** What the emulator has for everybody who tries it: see its README. */
const samples = {
  tenant: 'c0475050-0000-4000-8000-000000000001',
  clientId: '5a9e05fa-0000-4000-8000-0000000000b2',
  apiClientId: '5a9e0a91-0000-4000-8000-0000000000a1',
  scope: 'api://5a9e0a91-0000-4000-8000-0000000000a1/Stream.Access',
};

/**
 * Adds authenticated event streams to an application: its providers, the redirect bridge page of MSAL, a sign-in component, and an example with a
 * test. With `emulator`, also a local identity provider and a server that streams. What is there already is left alone, so it can be run again.
 */
export function ngAdd(options: NgAddOptions): Rule {
  return async (tree: Tree, context: SchematicContext): Promise<Rule> => {
    const application = await findApplication(tree, options.project);
    const { emulator = false, emulatorPort = 8400, apiPort = 3000 } = options;
    const local = { ...samples, baseUrl: `http://localhost:${apiPort}` };
    const values = { ...(emulator ? local : placeholders(options, context)), emulatorPort, apiPort };
    const install = options.skipInstall === true ? InstallBehavior.None : InstallBehavior.Auto;
    const add = (name: string, wanted: string, type = DependencyType.Default): Rule =>
      hasDependency(tree, name)
        ? noop()
        : addDependency(name, wanted, { type, install, existing: ExistingBehavior.Skip });
    return chain([
      add('@sillage/client', version),
      add('@azure/msal-angular', '^6.2.0'),
      add('@azure/msal-browser', '^5.29.0'),
      ...(emulator
        ? [
            add('@sillage/entra-emulator', version, DependencyType.Dev),
            add('@sillage/server', version, DependencyType.Dev),
            add('express', '^5.0.0', DependencyType.Dev),
          ]
        : []),
      writeFiles('../files/ng-add', '', application, { ...values, emulator }),
      moveBridgePage(application),
      ...(emulator ? [writeFiles('../files/emulator', '', { ...application, root: '' }, values), addScript] : []),
      addBridgeScripts(application),
      provideInRoot(application),
      showInRoot(application),
      () =>
        context.logger.info(
          emulator
            ? 'Start the identity provider and the server by "npm run emulator", and the application by "ng serve" in another terminal.'
            : `Check ${application.sourceRoot}/app/sillage/settings.ts, and register redirect.html as a redirect URI of the application (type SPA).`,
        ),
    ]);
  };
}

function hasDependency(tree: Tree, name: string): boolean {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(tree.readText('/package.json')) as Record<
    string,
    object | undefined
  >;
  return name in dependencies || name in devDependencies;
}

function provideInRoot({ name, sourceRoot }: Application): Rule {
  return (tree) => {
    const { subfiles } = tree.getDir(`${sourceRoot}/app`);
    const texts = subfiles
      .filter((file) => file.endsWith('.ts'))
      .map((file) => tree.readText(`${sourceRoot}/app/${file}`));
    if (texts.some((text) => text.includes('provideSillage('))) return;
    return addRootProvider(
      name,
      ({ code, external }) => code`${external('provideSillage', './sillage/provide-sillage')}()`,
    );
  };
}

function placeholders({ tenant, clientId, scope, baseUrl }: NgAddOptions, { logger }: SchematicContext) {
  const missing = Object.entries({ tenant, clientId, scope, baseUrl }).filter(([, value]) => value === undefined);
  if (missing.length > 0) {
    logger.warn(
      `Fill in ${missing.map(([name]) => name).join(', ')} in settings.ts, or use --emulator to try it without a tenant.`,
    );
  }
  return {
    tenant: tenant ?? '<tenant ID>',
    clientId: clientId ?? '<client ID of the web application>',
    apiClientId: '',
    scope: scope ?? 'api://<client ID of the API>/Stream.Access',
    baseUrl: baseUrl ?? 'https://api.contoso.example',
  };
}

/** Writes templates; a file that exists is left alone. */
function writeFiles(
  from: string,
  to: string,
  { root, prefix }: Pick<Application, 'root' | 'prefix'>,
  values: object,
): Rule {
  return (tree) => {
    const target = [root, to].filter((part) => part !== '').join('/');
    const source = apply(url(from), [
      applyTemplates({ ...values, prefix }),
      filter((path) => !tree.exists(`${target}/${path}`)),
      move(target === '' ? '/' : target),
    ]);
    return mergeWith(source);
  };
}

/** Older applications have src/assets instead of public. */
function moveBridgePage({ root, sourceRoot }: Application): Rule {
  return (tree) => {
    const page = `${root === '' ? '' : `${root}/`}public/redirect.html`;
    const inSource = `${sourceRoot}/redirect.html`;
    if (usesPublicFolder(tree, root) || !tree.exists(page)) return;
    if (tree.exists(inSource)) tree.delete(page);
    else tree.rename(page, inSource);
  };
}

function usesPublicFolder(tree: Tree, root: string): boolean {
  return (
    tree.getDir(root === '' ? '/' : root).subdirs.some((name) => String(name) === 'public') &&
    tree.exists(`${root === '' ? '' : `${root}/`}public/favicon.ico`)
  );
}

const bridge = 'node_modules/@azure/msal-browser/lib/redirect-bridge/msal-redirect-bridge.min.js';

/** Two scripts in one bundle: MSAL's bridge, and the line that calls it. They are not part of the application. */
function addBridgeScripts({ name, sourceRoot, root }: Application): Rule {
  return async (tree) => {
    const hasPublic = usesPublicFolder(tree, root);
    const workspace = await readWorkspace(tree);
    const target = workspace.projects.get(name)?.targets.get('build');
    if (target === undefined)
      throw new SchematicsException(`The application ${name} has no build target in angular.json.`);
    return updateWorkspace((changed) => {
      const build = changed.projects.get(name)?.targets.get('build');
      if (build === undefined) return;
      const options = (build.options ??= {});
      const scripts = (options.scripts ??= []) as (string | { readonly bundleName?: string })[];
      if (!scripts.some((script) => typeof script === 'object' && script.bundleName === 'redirect')) {
        for (const input of [bridge, `${sourceRoot}/redirect.js`])
          scripts.push({ input, bundleName: 'redirect', inject: false } as never);
      }
      const assets = (options.assets ??= []) as unknown[];
      const page = `${sourceRoot}/redirect.html`;
      if (!hasPublic && !assets.includes(page)) assets.push(page);
    });
  };
}

const addScript: Rule = (tree) => {
  const path = '/package.json';
  const text = tree.readText(path);
  const manifest = JSON.parse(text) as { scripts?: Record<string, string> };
  if (manifest.scripts?.emulator !== undefined) return;
  manifest.scripts = { ...manifest.scripts, emulator: 'node sillage-server.mjs' };
  tree.overwrite(path, `${JSON.stringify(manifest, null, /^(\s+)"/m.exec(text)?.[1] ?? '  ')}\n`);
};
