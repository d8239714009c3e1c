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
  const [program = 'chaos', ...args] = process.argv.slice(2);
  const child = spawn(node(), [join(root, 'chaos', 'src', `${program}.ts`), ...args], {
    env: environment,
    stdio: 'inherit',
  });
  process.exitCode = await new Promise((resolve) => child.once('close', resolve));
});
