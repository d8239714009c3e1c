import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { root, type Block } from './documents.ts';

export interface RunOptions {
  /** The values of what the block's prelude declares. */
  readonly given?: Readonly<Record<string, unknown>>;
  /** What stands for the reader's own: each text is in the block once, and is replaced. */
  readonly replace?: Readonly<Record<string, string>>;
  /** The variables of the block that the test looks at. */
  readonly take?: readonly string[];
}

// Where packages are found by their published names, and nothing is under version control.
const folder = join(root, 'node_modules', '.cache', 'sillage', 'docs');
let runs = 0;

/** Runs a block as the module it is, and answers with the variables of `take`. @throws what the block throws. */
export async function runBlock(block: Block, options: RunOptions = {}): Promise<Readonly<Record<string, unknown>>> {
  const { given = {}, replace = {}, take = [] } = options;
  let code = block.code;
  for (const [text, other] of Object.entries(replace)) {
    const parts = code.split(text);
    if (parts.length !== 2)
      throw new Error(`${block.name} has "${text}" ${parts.length - 1} times, and needs it once.`);
    code = parts.join(other);
  }
  const slot = `sillage-docs-${process.pid}-${(runs += 1)}`;
  const source = `const { ${Object.keys(given).join(', ')} } = globalThis[Symbol.for('${slot}')];\n${code}\nexport { ${take.join(', ')} };\n`;
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, experimentalDecorators: true },
  });
  const file = join(folder, `${slot}.mjs`);
  await mkdir(folder, { recursive: true });
  await writeFile(file, outputText);
  Object.assign(globalThis, { [Symbol.for(slot)]: given });
  try {
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } finally {
    await rm(file);
  }
}
