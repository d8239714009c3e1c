// Prevents: a fresh clone that cannot run because somebody has to install, build or pick a Node first. Everything here runs on
// Node 20 with nothing installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, 'node_modules', '.bin');
const stamps = join(root, 'node_modules', '.cache', 'sillage');
const unpacked = join(stamps, 'nginx');

/** The environment of everything that is started: the pinned Node before any other, and last what was unpacked for the tests. */
export const environment = {
  ...process.env,
  PATH: [bin, process.env.PATH ?? '', join(unpacked, 'usr', 'sbin')].join(delimiter),
};

/** An error whose message is enough for the user: no stack trace is printed. */
export class Explained extends Error {}

/** The pinned Node 24, which npm installed; on a platform without one, the Node that runs this. */
export function node() {
  const pinned = join(
    root,
    'node_modules',
    `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`,
    'bin',
  );
  const path = join(pinned, process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(path)) return path;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  throw new Explained(
    `Sillage needs Node 24, and npm has none for ${process.platform}-${process.arch}: install Node 24 from https://nodejs.org and run this again.`,
  );
}

/** Runs a command to its end. With `output: 'on-failure'` what it prints is shown only if it fails. */
export function run(command, args, { cwd = root, output = 'show', env = environment } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', output === 'show' ? 'inherit' : 'pipe', output === 'show' ? 'inherit' : 'pipe'],
      shell: process.platform === 'win32',
    });
    const printed = [];
    child.stdout?.on('data', (chunk) => printed.push(chunk));
    child.stderr?.on('data', (chunk) => printed.push(chunk));
    child.on('error', (error) => reject(new Explained(`${command} cannot be run: ${error.message}`)));
    child.on('close', (code) => {
      const text = Buffer.concat(printed).toString();
      if (code === 0) resolve(text);
      else
        reject(
          new Explained(
            `${text}\n${[command, ...args].map((part) => relative(root, part) || part).join(' ')} failed with ${code}.`,
          ),
        );
    });
  });
}

/** Installs what package-lock.json names, unless it is installed already. */
export async function ensureInstalled(say = console.log) {
  if (Number(process.versions.node.split('.')[0]) < 20)
    throw new Explained(
      `Sillage needs Node 20 or later to begin with; this is ${process.version}: install one from https://nodejs.org.`,
    );
  const wanted = await hashFiles([join(root, 'package-lock.json'), join(root, 'package.json')]);
  if ((await readStamp('install')) === wanted) return;
  say('Installing packages (about a minute the first time) …');
  await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { output: 'on-failure' });
  await writeStamp('install', wanted);
}

const tsc = (folder) => [[join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'], folder];
const ng = (folder) => [[join(root, 'node_modules', '@angular', 'cli', 'bin', 'ng.js'), 'build'], folder];

/** What is built, each after what it imports. */
const targets = [
  { name: '@sillage/client', build: tsc('packages/client'), after: [] },
  { name: '@sillage/server', build: tsc('packages/server'), after: [] },
  { name: '@sillage/entra-emulator', build: tsc('packages/entra-emulator'), after: [] },
  { name: '@sillage/angular', build: ng('packages/angular'), after: ['@sillage/client'] },
  { name: 'the schematics of @sillage/angular', build: tsc('packages/angular/schematics'), after: [] },
  { name: 'demo-web', build: ng('apps/demo-web'), after: ['@sillage/angular'] },
];

/** Builds what has changed since it was last built. */
export async function ensureBuilt(say = console.log) {
  const hashes = new Map();
  const shared = await hashFiles(['tsconfig.base.json', 'package-lock.json'].map((name) => join(root, name)));
  for (const { name, build, after } of targets) {
    const [args, folder] = build;
    const sources = await hashFiles(await sourceFiles(join(root, folder)));
    const wanted = [shared, sources, ...after.map((other) => hashes.get(other))].join('\n');
    const hash = createHash('sha256').update(wanted).digest('hex');
    hashes.set(name, hash);
    const stamp = `build-${folder.replaceAll('/', '-')}`;
    if ((await readStamp(stamp)) === hash && existsSync(join(root, folder, 'dist'))) continue;
    say(`Building ${name} …`);
    await run(node(), args, { cwd: join(root, folder), output: 'on-failure' });
    await writeStamp(stamp, hash);
  }
}

/** Chromium for the browser tests: installed by apt as root on Debian. @returns why it is missing, or `null`. */
export async function ensureChromium(say = console.log) {
  const path = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
  if (existsSync(path) || (await installedByApt(['chromium'], say))) return null;
  return `There is no Chromium at ${path}: install it (on Debian: sudo apt-get install chromium), or set CHROMIUM_PATH to where it is.`;
}

/** Python's packages for the FastAPI example, likewise. Where they cannot be had, its own tests say so and are left out. */
export async function ensureFastApi(say = console.log) {
  const found = await run('/usr/bin/python3', ['-c', 'import fastapi, uvicorn, jwt, cryptography'], {
    output: 'on-failure',
  }).then(
    () => true,
    () => false,
  );
  if (!found) await installedByApt(['python3-fastapi', 'python3-uvicorn', 'python3-jwt', 'python3-cryptography'], say);
}

/** Firefox and WebKit. @returns what is missing and how to get it; `null` if both are there. */
export async function ensureEngines(say = console.log) {
  const paths = [
    process.env.FIREFOX_PATH ?? '/usr/bin/firefox-esr',
    process.env.WEBKIT_PATH ?? '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
    '/usr/bin/WebKitWebDriver',
    '/usr/bin/xvfb-run',
  ];
  const packages = ['firefox-esr', 'webkit2gtk-driver', 'xvfb', 'xauth'];
  if (paths.every((path) => existsSync(path)) || (await installedByApt(packages, say))) return null;
  return `Firefox or WebKit is missing: install them (on Debian: sudo apt-get install ${packages.join(' ')}).`;
}

/**
 * nginx, for what the documents say of it. Debian's is unpacked rather than installed: installed, it would serve port 80 from then on. Where
 * it cannot be had, its own tests say so and are left out.
 */
export async function ensureNginx(say = console.log) {
  const folders = [...environment.PATH.split(delimiter), '/usr/sbin'];
  if (folders.some((folder) => existsSync(join(folder, 'nginx'))) || !existsSync('/usr/bin/apt-get')) return;
  say('Unpacking nginx …');
  const quiet = { output: 'on-failure', cwd: unpacked };
  await mkdir(unpacked, { recursive: true });
  try {
    if (process.getuid?.() === 0) await run('apt-get', ['update'], quiet);
    await run('apt-get', ['download', 'nginx'], quiet);
    const archive = (await readdir(unpacked)).find((name) => name.endsWith('.deb'));
    await run('dpkg-deb', ['-x', archive ?? 'nginx.deb', '.'], quiet);
  } catch (error) {
    say(`There is no nginx: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The servers of the engines. @returns what is missing and how to get it; `null` if all are there. */
export async function ensureServices(say = console.log) {
  const packages = ['postgresql', 'redis-server'];
  const found = existsSync('/usr/lib/postgresql') && existsSync('/usr/bin/redis-server');
  if (found || (await installedByApt(packages, say))) return null;
  return `PostgreSQL or Redis is missing: install them (on Debian: sudo apt-get install ${packages.join(' ')}).`;
}

/** Whether apt could install them: as root, on Debian. */
async function installedByApt(packages, say) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  say(`Installing ${packages.join(', ')} …`);
  const env = { ...environment, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update'], { output: 'on-failure', env });
  await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { output: 'on-failure', env });
  return true;
}

/** Runs a script's main function; what goes wrong is one sentence where it can be. */
export async function main(script) {
  try {
    await script();
  } catch (error) {
    console.error(error instanceof Explained ? error.message : error);
    process.exitCode = 1;
  }
}

async function sourceFiles(folder) {
  const entries = await readdir(folder, { withFileTypes: true });
  const skipped = new Set(['dist', 'node_modules', '.angular']);
  const found = await Promise.all(
    entries
      .filter(({ name }) => !skipped.has(name) && !/\.(spec|fixture)\.ts$|\.md$/.test(name))
      .map((entry) => (entry.isDirectory() ? sourceFiles(join(folder, entry.name)) : [join(folder, entry.name)])),
  );
  return found.flat().sort();
}

async function hashFiles(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(relative(root, file)).update(await readFile(file));
  return hash.digest('hex');
}

async function readStamp(name) {
  return readFile(join(stamps, name), 'utf8').catch(() => null);
}

async function writeStamp(name, text) {
  await mkdir(stamps, { recursive: true });
  await writeFile(join(stamps, name), text);
}
