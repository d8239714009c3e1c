// Prevents: a run that fails on a fresh machine, because nothing is installed or built yet.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import {
  ensureBuilt,
  ensureInstalled,
  ensureServices,
  environment,
  Explained,
  main,
  node,
  root,
} from './toolchain.mjs';

await main(async () => {
  await ensureInstalled();
  await ensureBuilt();
  const missing = await ensureServices();
  if (missing !== null) throw new Explained(missing);
  const child = spawn(node(), [join(root, 'chaos', 'src', 'chaos.ts'), ...process.argv.slice(2)], {
    env: environment,
    stdio: 'inherit',
  });
  process.exitCode = await new Promise((resolve) => child.once('close', resolve));
});
