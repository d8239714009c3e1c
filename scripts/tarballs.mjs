// Prevents: two lists of what is published.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { root, run } from './toolchain.mjs';

const published = ['client', 'angular', 'server', 'entra-emulator'];

/** Packs what is published into a folder. @returns the tarballs' paths. */
export async function packAll(folder) {
  const workspaces = published.flatMap((name) => ['-w', `packages/${name}`]);
  await run('npm', ['pack', ...workspaces, '--pack-destination', folder], { cwd: root, output: 'on-failure' });
  return (await readdir(folder)).filter((name) => name.endsWith('.tgz')).map((name) => join(folder, name));
}
