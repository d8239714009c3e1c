import { fileURLToPath } from 'node:url';
import { SchematicTestRunner, type UnitTestTree } from '@angular-devkit/schematics/testing';
import { beforeEach, describe, expect, it } from 'vitest';

const runner = new SchematicTestRunner(
  '@sillage/angular',
  fileURLToPath(new URL('../collection.json', import.meta.url)),
);

/** A new application, as `ng new` makes it. */
async function createApplication(options: object = {}): Promise<UnitTestTree> {
  const workspace = await runner.runExternalSchematic('@schematics/angular', 'workspace', {
    name: 'shop',
    version: '22.0.0',
  });
  return runner.runExternalSchematic(
    '@schematics/angular',
    'application',
    { name: 'shop', projectRoot: '', skipInstall: true, ...options },
    workspace,
  );
}

interface Workspace {
  readonly projects: {
    readonly shop: {
      readonly architect: {
        readonly build: { readonly options: { scripts?: { bundleName: string; input: string }[]; assets?: unknown[] } };
      };
    };
  };
}

const addTo = (tree: UnitTestTree, options: object = {}) =>
  runner.runSchematic('ng-add', { skipInstall: true, emulator: true, ...options }, tree);
const buildOf = (tree: UnitTestTree) =>
  (JSON.parse(tree.readText('/angular.json')) as Workspace).projects.shop.architect.build.options;
const manifestOf = (tree: UnitTestTree) =>
  JSON.parse(tree.readText('/package.json')) as Record<
    'dependencies' | 'devDependencies' | 'scripts',
    Record<string, string>
  >;

/** Everything in the workspace. */
const contentsOf = (tree: UnitTestTree) =>
  Object.fromEntries(tree.files.map((file) => [file, tree.read(file)?.toString('base64')]));

describe('ng add @sillage/angular', () => {
  let tree: UnitTestTree;
  beforeEach(async () => {
    tree = await createApplication();
  });

  it('provides streams and sign-in in a standalone application, and shows the example', async () => {
    const after = await addTo(tree);
    const config = after.readText('/src/app/app.config.ts');
    expect(config).toContain(`import { provideSillage } from './sillage/provide-sillage';`);
    expect(config).toMatch(/provideSillage\(\)/);
    expect(after.readText('/src/app/app.html')).toMatch(/^<app-ticker \/>\n/);
    expect(after.readText('/src/app/app.ts')).toMatch(
      /import \{ Ticker \} from '.\/ticker\/ticker';[\s\S]*imports: \[Ticker/,
    );
    expect(after.files).toEqual(
      expect.arrayContaining([
        '/src/app/sillage/settings.ts',
        '/src/app/ticker/ticker.spec.ts',
        '/public/redirect.html',
        '/src/redirect.js',
        '/sillage-server.mjs',
      ]),
    );
    expect(buildOf(after).scripts).toEqual([
      { input: expect.stringContaining('msal-redirect-bridge') as string, bundleName: 'redirect', inject: false },
      { input: 'src/redirect.js', bundleName: 'redirect', inject: false },
    ]);
    const { dependencies, devDependencies, scripts } = manifestOf(after);
    expect(Object.keys(dependencies)).toEqual(
      expect.arrayContaining(['@azure/msal-angular', '@azure/msal-browser', '@sillage/client']),
    );
    expect(Object.keys(devDependencies)).toEqual(
      expect.arrayContaining(['@sillage/entra-emulator', '@sillage/server', 'express']),
    );
    expect(scripts.emulator).toBe('node sillage-server.mjs');
  });

  it('changes nothing when it is run again, nor what the developer has changed', async () => {
    const once = await addTo(tree);
    once.overwrite('/src/app/sillage/settings.ts', 'export const settings = mine;\n');
    const before = contentsOf(once);
    expect(contentsOf(await addTo(once))).toEqual(before);
  });

  it('leaves the formatting of what it changes alone', async () => {
    const template = tree.readText('/src/app/app.html');
    const source = tree.readText('/src/app/app.ts');
    const after = await addTo(tree);
    expect(after.readText('/src/app/app.html')).toBe(`<app-ticker />\n${template}`);
    expect(after.readText('/src/app/app.ts').split('\n').length).toBe(source.split('\n').length + 1);
  });

  it('uses the tenant that it is given, and adds neither an emulator nor a server then', async () => {
    const after = await addTo(tree, {
      emulator: false,
      tenant: 'c0475050-0000-4000-8000-000000000001',
      clientId: 'client',
      scope: 'api://orders/Read',
      baseUrl: 'https://api.contoso.example',
    });
    const settings = after.readText('/src/app/sillage/settings.ts');
    expect(settings).toContain(`authority: 'https://login.microsoftonline.com/c0475050-0000-4000-8000-000000000001'`);
    expect(settings).toContain(`scopes: ['api://orders/Read']`);
    expect(settings).not.toContain('localhost');
    expect(after.exists('/sillage-server.mjs')).toBe(false);
    expect(manifestOf(after).devDependencies['@sillage/server']).toBeUndefined();
  });

  it('provides them in an application with NgModules', async () => {
    const after = await addTo(await createApplication({ standalone: false }));
    const module = after.files.find((file) => /app[-.]module\.ts$/.test(file)) ?? '';
    expect(after.readText(module)).toMatch(/provideSillage\(\)/);
    expect(after.readText(module)).toMatch(/imports: \[\s*Ticker/);
  });

  it('says which applications there are where it cannot know which is meant', async () => {
    const two = await runner.runExternalSchematic(
      '@schematics/angular',
      'application',
      { name: 'other', skipInstall: true },
      tree,
    );
    await expect(addTo(two)).rejects.toThrow(/--project with one of: shop, other/);
    await expect(addTo(two, { project: 'third' })).rejects.toThrow(/no application third/);
  });

  it('says what to do where the root component is unusual', async () => {
    tree.delete('/src/app/app.html');
    const messages: string[] = [];
    runner.logger.subscribe(({ message }) => messages.push(message));
    await addTo(tree);
    expect(messages.join('\n')).toContain('Put <app-ticker /> into a template');
  });
});

describe('ng generate @sillage/angular', () => {
  it.each([
    [
      'stream-service',
      ['/src/app/order-lines-api.ts', '/src/app/order-lines-api.spec.ts'],
      'class OrderLinesApi extends BaseMsalApiService',
    ],
    ['resource', ['/src/app/order-lines.ts', '/src/app/order-lines.spec.ts'], 'class OrderLines'],
  ])('%s writes it with its test', async (schematic, files, text) => {
    const after = await runner.runSchematic(schematic, { name: 'orderLines' }, await createApplication());
    expect(after.files).toEqual(expect.arrayContaining(files));
    expect(after.readText(files[0] ?? '')).toContain(text);
  });

  it('sse-api writes the service of the guide, at the paths of the guide', async () => {
    const after = await runner.runSchematic('sse-api', {}, await createApplication());
    const service = after.readText('/src/app/api/sse-api.service.ts');
    expect(service.match(/^ {2}(?:stream|connect|track|monitor)\w+/gm)).toHaveLength(12);
    expect(after.readText('/src/app/api/base-msal-api-service.ts')).toContain('@sillage/angular/msal');
  });
});
