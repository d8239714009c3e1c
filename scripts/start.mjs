// Prevents: three terminals, a README of environment variables, and a demo that half starts.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
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

/** The sample tenant, web app and API of the emulator (packages/entra-emulator/src/directory/sample-directory.ts). */
const sample = {
  ENTRA_TENANT_ID: 'c0475050-0000-4000-8000-000000000001',
  ENTRA_SPA_CLIENT_ID: '5a9e05fa-0000-4000-8000-0000000000b2',
  ENTRA_API_CLIENT_ID: '5a9e0a91-0000-4000-8000-0000000000a1',
};
/** `npm run start:cluster` starts this many processes of the API. */
const clusterSize = 2;
const api = 'apps/demo-api/src/main.ts';
const startTimeoutMs = 60_000;
const restartAfterMs = 500;
const stopTimeoutMs = 5_000;

const children = [];
let stopping = false;

await main(async () => {
  const settings = readSettings();
  await ensureInstalled();
  await ensureBuilt();
  if (settings.engine !== undefined) {
    const missing = await ensureServices();
    if (missing !== null) throw new Explained(missing);
  }
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
  return { ports, host, provider: given.length === 0 ? 'emulator' : 'entra', engine: readEngine() };
}

/** The engine of a cluster, `undefined` without one. */
function readEngine() {
  const [flag, name = 'redis'] = process.argv.slice(2);
  if (flag !== '--cluster') return undefined;
  if (name !== 'redis' && name !== 'postgres')
    throw new Explained(`There is no engine ${name}: use redis or postgres.`);
  return name;
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

async function startAll({ ports, host, provider, engine }) {
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
  const apiVariables = {
    WEB_ORIGINS: webOrigin,
    LOG_LEVEL: 'warn',
    ...pick('WEB_ORIGINS', 'LOG_LEVEL'),
    ...common,
    API_PORT: ports.API_PORT,
    // The emulator's clock is this machine's own, so nothing needs to be tolerated.
    ...(provider === 'emulator' ? { ENTRA_AUTHORITY: emulatorOrigin, CLOCK_TOLERANCE_MS: 0 } : {}),
    // The emulator's keys are rotated by a button, and its machine is this one.
    ...(provider === 'emulator' ? { SAMPLE_DATA: 'on', KEY_FETCH_INTERVAL_MS: 1_000 } : {}),
    // The faults of the chaos page are those of one process: a cluster has its own way to show them, kill -9.
    ...(provider === 'emulator' && engine === undefined
      ? { EMULATOR_CONTROL_URL: `http://localhost:${ports.EMULATOR_CONTROL_PORT}` }
      : {}),
  };
  if (engine === undefined) start('api', api, apiVariables);
  else await startCluster(engine, apiVariables);
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

/** The nodes, their engine, and what sends requests to them in turn at the port of the API. */
async function startCluster(engine, variables) {
  const urlName = engine === 'redis' ? 'REDIS_URL' : 'DATABASE_URL';
  const url = process.env[urlName] || (await startEngine(engine));
  const nodePorts = await Promise.all(Array.from({ length: clusterSize }, freePort));
  const node = { ...variables, STORE: engine, [urlName]: url, TRUST_PROXY: 1, DRAIN_WINDOW_MS: 3_000 };
  for (const [index, value] of nodePorts.entries()) {
    start(
      `api ${index + 1}`,
      api,
      { ...node, API_PORT: value, SILLAGE_HOST: '127.0.0.1', NODE_NAME: index + 1 },
      'restart',
    );
    // One after the other: each finds the databases of the one before, and does not create them at the same moment.
    await answers(`api ${index + 1}`, `http://127.0.0.1:${value}/health`);
  }
  start('balancer', 'scripts/balancer.mjs', {
    BALANCER_PORT: variables.API_PORT,
    SILLAGE_HOST: variables.SILLAGE_HOST,
    NODE_PORTS: nodePorts.join(','),
  });
  await answers('balancer', `http://localhost:${variables.API_PORT}/balancer-health`);
  console.log(`Two API processes share ${engine}. End one (kill -9): it starts again, and nothing is lost.`);
  for (const { name, child } of children) if (name.startsWith('api ')) console.log(`  ${name}: process ${child.pid}`);
}

/** Resolves with the engine's URL, which it writes as its first line. */
async function startEngine(engine) {
  const { child } = start(engine, 'chaos/src/serve-engine.ts', {}, 'stop', [engine]);
  return new Promise((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(text.trim()));
    child.once('close', () => reject(new Explained(`${engine} could not be started: see its lines above.`)));
  });
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port: free } = server.address();
      server.close(() => resolve(free));
    });
  });
}

function pick(...names) {
  return Object.fromEntries(names.filter((name) => process.env[name]).map((name) => [name, process.env[name]]));
}

/** @param whenEnded what to do if it ends by itself: `'stop'` everything, or `'restart'` it, as a platform does with a node. */
function start(name, script, variables, whenEnded = 'stop', args = []) {
  console.log(`Starting ${name} …`);
  const env = {
    ...environment,
    ...Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, String(value)])),
  };
  // A separate process group: Ctrl-C in a terminal reaches only this process, which then stops the others in order.
  const child = spawn(node(), [join(root, script), ...args], {
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
    if (whenEnded === 'restart') {
      children.splice(children.indexOf(entry), 1);
      console.log(`${name} has ended.`);
      void restart(name, script, variables, args);
      return;
    }
    console.error(`${name} ended by itself (${code}): see its lines above.`);
    process.exitCode = 1;
    void stop();
  });
  return entry;
}

async function restart(name, script, variables, args) {
  await delay(restartAfterMs);
  if (stopping) return;
  const { child } = start(name, script, variables, 'restart', args);
  await answers(name, `http://127.0.0.1:${variables.API_PORT}/health`).catch(() => undefined);
  if (child.exitCode === null && child.signalCode === null) console.log(`${name} is back: process ${child.pid}`);
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
