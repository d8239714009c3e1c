// Prevents: tests that pass whatever the code does. `npm run mutation -- PACKAGE [Stryker's options]`, with the package's
// stryker.config.mjs; `--mutate 'src/auth/*.ts'` takes a part of it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, Explained, main, node, root, run } from './toolchain.mjs';

await main(async () => {
  const [name, ...options] = process.argv.slice(2);
  const folder = join(root, 'packages', name ?? '');
  if (name === undefined || !existsSync(join(folder, 'stryker.config.mjs'))) {
    throw new Explained('Name a package that has a stryker.config.mjs, as in `npm run mutation -- server`.');
  }
  await ensureInstalled();
  await ensureBuilt();
  const stryker = join(root, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
  await run(node(), [stryker, 'run', 'stryker.config.mjs', ...options], { cwd: folder });
});
