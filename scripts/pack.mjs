// Prevents: packages that are installed otherwise than a user would: `npm run pack -- FOLDER` makes the tarballs that npm would publish.
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ensureBuilt, ensureInstalled, main } from './toolchain.mjs';
import { packAll } from './tarballs.mjs';

await main(async () => {
  await ensureInstalled();
  await ensureBuilt();
  const folder = resolve(process.argv[2] ?? 'node_modules/.cache/sillage/tarballs');
  await mkdir(folder, { recursive: true });
  for (const tarball of await packAll(folder)) console.log(tarball);
});
