import type { Rule, Tree } from '@angular-devkit/schematics';
import type { Application } from './application.ts';

const component = { name: 'Ticker', file: './ticker/ticker' };

/** Puts the example at the top of the root component, so that it can be seen at once. Where that component is unusual, it says what to do. */
export function showInRoot({ sourceRoot, prefix }: Application): Rule {
  return (tree, { logger }) => {
    const tag = `<${prefix}-ticker />`;
    const root = ['app', 'app.component']
      .map((name) => `${sourceRoot}/app/${name}`)
      .find((path) => tree.exists(`${path}.ts`));
    const problem = root === undefined ? 'there is no app.ts' : addTo(tree, root, tag);
    if (problem !== undefined)
      logger.warn(`The example needs your help: ${problem}. Put ${tag} into a template, and import Ticker.`);
  };
}

/** @returns what was unusual. */
function addTo(tree: Tree, root: string, tag: string): string | undefined {
  const template = `${root}.html`;
  if (!tree.exists(template)) return 'the root component has no template file';
  if (tree.readText(template).includes(tag)) return undefined;
  const owner = ownerOfImports(tree, root);
  if (owner === undefined) return 'no list of imports was found';
  const text = tree.readText(owner);
  const added = text.replace(/(\bimports\s*:\s*\[)(\s*)/, (_, start: string, space: string) => {
    const rest = text.slice(text.indexOf(start) + start.length + space.length);
    return `${start}${space}${component.name}${rest.startsWith(']') ? '' : space.includes('\n') ? `,${space}` : ', '}`;
  });
  tree.overwrite(owner, `import { ${component.name} } from '${component.file}';\n${added}`);
  tree.overwrite(template, `${tag}\n${tree.readText(template)}`);
  return provideInTest(tree, `${root}.spec.ts`);
}

/** The root component's test creates the example too, which needs providers. */
function provideInTest(tree: Tree, test: string): string | undefined {
  if (!tree.exists(test)) return undefined;
  const text = tree.readText(test);
  const start = 'TestBed.configureTestingModule({';
  if (!text.includes(start) || /\bproviders\s*:/.test(text))
    return `add provideFakeSillage() to the providers of ${test}`;
  const space = /configureTestingModule\(\{(\s*)/.exec(text)?.[1] ?? ' ';
  const provided = text.replace(start, `${start}${space}providers: [provideFakeSillage()],`);
  tree.overwrite(test, `import { provideFakeSillage } from './sillage/provide-fake-sillage';\n${provided}`);
  return undefined;
}

/** The component itself, or the module that declares it. */
function ownerOfImports(tree: Tree, root: string): string | undefined {
  const folder = root.slice(0, root.lastIndexOf('/'));
  const modules = ['app-module', 'app.module']
    .map((name) => `${folder}/${name}.ts`)
    .filter((path) => tree.exists(path));
  return [...modules, `${root}.ts`].find((path) => /\bimports\s*:\s*\[/.test(tree.readText(path)));
}
