// Prevents: packages that work here and not in an application. Makes new applications with Angular's CLI, adds the packages as npm would
// install them, runs `ng add --emulator`, builds, runs the generated tests, signs in, streams and signs out, in Chromium.
// `npm run integration -- NAME …` runs only those named: standalone, ssr, modules.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { packAll } from './tarballs.mjs';
import { ensureBuilt, ensureChromium, ensureInstalled, Explained, main, node, root, run } from './toolchain.mjs';

/** The applications: the flags of `ng new`, and those of `ng test`. */
const applications = {
  standalone: { flags: ['--ssr=false'], tests: [] },
  // The CLI asks for @angular/ssr of the same version, which is published a little later.
  ssr: { flags: ['--ssr'], tests: [], pins: ['dependencies.@angular/ssr=^22.0.0'] },
  // The test of the root component that `ng new` writes for NgModules fails to compile in Angular 22.2, before anything is added.
  modules: {
    flags: ['--ssr=false', '--standalone=false', '--zoneless=false'],
    tests: ['--include=src/app/ticker/**/*.spec.ts'],
  },
};
const timeoutMs = 60_000;

const ng = (folder) => join(folder, 'node_modules', '@angular', 'cli', 'bin', 'ng.js');
/** As a user has it: the Node that Angular wants, and nothing of this repository. */
const env = {
  ...process.env,
  PATH: [dirname(node()), process.env.PATH].join(delimiter),
  NG_CLI_ANALYTICS: 'false',
  CI: 'true',
  // Angular's packages name each other's exact versions as peers: a registry that has one of them a little later would refuse all.
  npm_config_legacy_peer_deps: 'true',
};

async function freePort() {
  const server = createServer().listen(0, 'localhost');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a command, and resolves once it has printed a text. @returns a function that ends it. */
async function start(args, { cwd, until, more = {} }) {
  const child = spawn(node(), args, {
    cwd,
    env: { ...env, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let printed = '';
  const ready = new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Explained(`${args.join(' ')} printed no "${until}":\n${printed}`)),
      timeoutMs,
    );
    for (const output of [child.stdout, child.stderr]) {
      output.on('data', (chunk) => {
        printed += String(chunk);
        if (printed.includes(until)) resolve(clearTimeout(timer));
      });
    }
    child.once('exit', (code) => reject(new Explained(`${args.join(' ')} ended with ${code}:\n${printed}`)));
  });
  ready.catch(() => undefined);
  const stop = () => {
    // With what it started.
    if (child.exitCode === null) process.kill(-child.pid);
  };
  try {
    await ready;
    return stop;
  } catch (error) {
    stop();
    throw error;
  }
}

/** Signs in as a sample user, sees two events, signs out, and sees that nothing of the user is left. */
async function use(url) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  });
  try {
    const context = await browser.newContext();
    context.setDefaultTimeout(timeoutMs);
    const page = await context.newPage();
    const errors = [];
    page.on('pageerror', ({ message }) => errors.push(message));
    await page.goto(url);
    const [popup] = await Promise.all([
      page.waitForEvent('popup'),
      page.getByRole('button', { name: 'Sign in', exact: true }).click(),
    ]);
    await popup.getByRole('button', { name: /alice/i }).click();
    const output = page.locator('output');
    await output.getByText(/Tick \d+ for Alice/).waitFor();
    const first = await output.innerText();
    await page.waitForFunction((text) => globalThis.document.querySelector('output')?.innerText !== text, first);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await output.waitFor({ state: 'detached' });
    if ((await page.locator('body').innerText()).includes('Alice'))
      throw new Explained('Alice is still on the page after she signed out.');
    if (errors.length > 0) throw new Explained(`The page threw: ${errors.join('; ')}`);
  } finally {
    await browser.close();
  }
}

async function tryApplication(name, { flags, tests, pins = [] }, tarballs) {
  const folder = await mkdtemp(join(tmpdir(), `sillage-${name}-`));
  const stops = [];
  const beganMs = performance.now();
  const [emulatorPort, apiPort, webPort] = [await freePort(), await freePort(), await freePort()];
  try {
    const app = join(folder, 'shop');
    const defaults = ['--defaults', '--skip-git', '--skip-install', '--style=css', '--ai-config=none'];
    await run(node(), [ng(root), 'new', 'shop', ...defaults, ...flags], { cwd: folder, output: 'on-failure', env });
    if (pins.length > 0) await run('npm', ['pkg', 'set', ...pins], { cwd: app, output: 'on-failure', env });
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', ['install', ...quiet, ...tarballs], { cwd: app, output: 'on-failure', env });
    const added = ['add', '@sillage/angular', '--emulator', '--skip-confirmation'];
    const ports = [`--emulator-port=${emulatorPort}`, `--api-port=${apiPort}`];
    await run(node(), [ng(app), ...added, ...ports], { cwd: app, output: 'on-failure', env });
    await run(node(), [ng(app), 'build'], { cwd: app, output: 'on-failure', env });
    await run(node(), [ng(app), 'test', '--watch=false', ...tests], { cwd: app, output: 'on-failure', env });
    const url = `http://localhost:${webPort}`;
    stops.push(await start(['sillage-server.mjs'], { cwd: app, until: 'API: ', more: { WEB_ORIGIN: url } }));
    stops.push(await start([ng(app), 'serve', `--port=${webPort}`], { cwd: app, until: 'Local:' }));
    await use(url);
    console.log(`${name}: streamed ${Math.round((performance.now() - beganMs) / 1_000)} s after \`ng new\`.`);
    return true;
  } catch (error) {
    console.error(`${name}: ${error.message}`);
    return false;
  } finally {
    for (const stop of stops) stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

await main(async () => {
  const named = process.argv.slice(2);
  const unknown = named.filter((name) => !(name in applications));
  if (unknown.length > 0) {
    throw new Explained(
      `There is no application ${unknown.join(', ')}: choose among ${Object.keys(applications).join(', ')}.`,
    );
  }
  await ensureInstalled();
  await ensureBuilt();
  const missing = await ensureChromium();
  if (missing !== null) throw new Explained(missing);
  const folder = await mkdtemp(join(tmpdir(), 'sillage-tarballs-'));
  try {
    const tarballs = await packAll(folder);
    const wanted = Object.entries(applications).filter(([name]) => named.length === 0 || named.includes(name));
    let streamed = 0;
    for (const [name, application] of wanted) if (await tryApplication(name, application, tarballs)) streamed += 1;
    console.log(`integration: ${streamed} of ${wanted.length} apps streamed`);
    if (streamed < wanted.length) process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
