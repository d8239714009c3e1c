// Prevents: three terminals, a README of environment variables, and a demo that half starts.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureBuilt, ensureInstalled, environment, Explained, main, node, root } from './toolchain.mjs';

/** The sample tenant, web app and API of the emulator (packages/entra-emulator/src/directory/sample-directory.ts). */
const sample = {
  ENTRA_TENANT_ID: 'c0475050-0000-4000-8000-000000000001',
  ENTRA_SPA_CLIENT_ID: '5a9e05fa-0000-4000-8000-0000000000b2',
  ENTRA_API_CLIENT_ID: '5a9e0a91-0000-4000-8000-0000000000a1',
};
const startTimeoutMs = 60_000;
const stopTimeoutMs = 5_000;

const children = [];
let stopping = false;

await main(async () => {
  const settings = readSettings();
  await ensureInstalled();
  await ensureBuilt();
  await checkPorts(settings.ports);
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    await startAll(settings);
  } catch (error) {
    await stop();
    throw error;
  }
});

function readSettings() {
  const given = Object.keys(sample).filter((name) => process.env[name]);
  const missing = Object.keys(sample).filter((name) => !process.env[name]);
  if (given.length > 0 && missing.length > 0) {
    throw new Explained(
      `For a real tenant, set ${missing.join(' and ')} too; for the emulator, unset ${given.join(' and ')}.`,
    );
  }
  const ports = { WEB_PORT: port('WEB_PORT', 4200), API_PORT: port('API_PORT', 3000) };
  if (given.length === 0)
    Object.assign(ports, {
      EMULATOR_PORT: port('EMULATOR_PORT', 8400),
      EMULATOR_CONTROL_PORT: port('EMULATOR_CONTROL_PORT', 8401),
    });
  const host = process.env.SILLAGE_HOST || 'localhost';
  return { ports, host, provider: given.length === 0 ? 'emulator' : 'entra' };
}

function port(name, fallback) {
  const value = Number(process.env[name] || fallback);
  if (!Number.isInteger(value) || value < 1 || value > 65_535)
    throw new Explained(`${name} is "${process.env[name]}": set it to a port from 1 to 65535.`);
  return value;
}

async function checkPorts(ports) {
  const names = Object.entries(ports);
  for (const [index, [name, value]] of names.entries()) {
    const twin = names.find(([, other], at) => at < index && other === value);
    if (twin) throw new Explained(`${twin[0]} and ${name} are both ${value}: set one of them to another port.`);
    // Both families: what listens on one of them only would still take the other's calls.
    for (const host of ['127.0.0.1', '::1']) {
      if ((await tryListen(value, host)) === 'taken')
        throw new Explained(`Port ${value} is taken: stop what uses it, or set ${name} to a free port.`);
    }
  }
}

function tryListen(value, host) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.code === 'EADDRINUSE' ? 'taken' : 'unknown'));
    server.listen({ port: value, host }, () => server.close(() => resolve('free')));
  });
}

async function startAll({ ports, host, provider }) {
  const webOrigin = `http://localhost:${ports.WEB_PORT}`;
  const apiUrl = `http://localhost:${ports.API_PORT}`;
  const emulatorOrigin = `http://localhost:${ports.EMULATOR_PORT}`;
  const common = { ...(provider === 'emulator' ? sample : {}), SILLAGE_HOST: host };

  if (provider === 'emulator') {
    start('emulator', 'packages/entra-emulator/dist/bin.js', {
      ...common,
      EMULATOR_PORT: ports.EMULATOR_PORT,
      EMULATOR_CONTROL_PORT: ports.EMULATOR_CONTROL_PORT,
    });
    await answers('emulator', `http://localhost:${ports.EMULATOR_CONTROL_PORT}/health`);
  }
  start('api', 'apps/demo-api/src/main.ts', {
    WEB_ORIGINS: webOrigin,
    LOG_LEVEL: 'warn',
    ...pick('WEB_ORIGINS', 'LOG_LEVEL'),
    ...common,
    API_PORT: ports.API_PORT,
    // The emulator's clock is this machine's own, so nothing needs to be tolerated.
    ...(provider === 'emulator' ? { ENTRA_AUTHORITY: emulatorOrigin, CLOCK_TOLERANCE_MS: 0 } : {}),
  });
  start('web', 'apps/demo-web/server/main.ts', {
    API_URL: apiUrl,
    ...pick('API_URL'),
    ...common,
    WEB_PORT: ports.WEB_PORT,
    ...(provider === 'emulator' ? { EMULATOR_ORIGIN: emulatorOrigin } : {}),
  });
  await Promise.all([answers('api', `${apiUrl}/health`), answers('web', `${webOrigin}/config.json`)]);
  console.log(
    provider === 'emulator'
      ? 'Sign-in is simulated by @sillage/entra-emulator: choose Alice, Bob or Dave, no password.'
      : `Sign-in is Microsoft Entra ID, tenant ${process.env.ENTRA_TENANT_ID}.`,
  );
  console.log(`Sillage is ready: ${webOrigin}`);
}

function pick(...names) {
  return Object.fromEntries(names.filter((name) => process.env[name]).map((name) => [name, process.env[name]]));
}

function start(name, script, variables) {
  console.log(`Starting ${name} …`);
  const env = {
    ...environment,
    ...Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, String(value)])),
  };
  // A separate process group: Ctrl-C in a terminal reaches only this process, which then stops the others in order.
  const child = spawn(node(), [join(root, script)], {
    env,
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const entry = { name, child, ended: new Promise((resolve) => child.once('close', resolve)) };
  children.push(entry);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => process.stdout.write(text.replace(/^(?=.)/gm, `[${name}] `)));
  }
  child.once('close', (code) => {
    if (stopping) return;
    console.error(`${name} ended by itself (${code}): see its lines above.`);
    process.exitCode = 1;
    void stop();
  });
}

async function answers(name, url) {
  const deadline = Date.now() + startTimeoutMs;
  while (!stopping && Date.now() < deadline) {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
    if (response?.ok) return;
    await delay(100);
  }
  if (!stopping)
    throw new Explained(`${name} does not answer at ${url} after ${startTimeoutMs / 1_000} s: see its lines above.`);
  throw new Explained('Stopped before everything answered.');
}

/** Stops everything that was started, in the reverse order; what does not stop by itself is ended. */
async function stop() {
  if (stopping) return;
  stopping = true;
  for (const { child, ended } of children.reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await ended;
    clearTimeout(timer);
  }
}
