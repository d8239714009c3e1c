// The server under test, in a separate process. Driven over IPC by bench/server.mjs.
import { setImmediate } from 'node:timers';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';

const dist = process.env.SILLAGE_SERVER_DIST;
const load = (name, file) => import(dist === undefined ? name : pathToFileURL(join(dist, file)).href);
const { createHub, createMemoryEventLog, createStreamEndpoint } = await load('@sillage/server', 'index.js');
const { createNodeExchange } = await load('@sillage/server/node', 'adapters/node.js');
const { createSqliteEventLog } = await load('@sillage/server/sqlite', 'logs/sqlite-event-log.js');

/** 100 bytes of JSON. */
const data = { order: 42, state: 'shipped', carrier: 'La Poste', note: 'x'.repeat(38) };
/** As the Entra verifier gives them: the text of the payload, a kilobyte and a half of it, parsed when it is read. */
const payload = JSON.stringify(Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`claim${n}`, 'x'.repeat(36)])));
const verifier = {
  async verify(token) {
    const expiresAtMs = Date.now() + 3_600_000;
    const text = Buffer.from(payload).toString();
    return {
      key: token,
      tenantId: 't',
      objectId: token,
      kind: 'user',
      scopes: ['read'],
      roles: [],
      expiresAtMs,
      supportsClaimsChallenge: false,
      get claims() {
        return JSON.parse(text);
      },
    };
  },
};

const folder = await mkdtemp(join(tmpdir(), 'sillage-bench-'));
let server;
let hub;
let log;
let endpoint;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function collect() {
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc();
    await sleep(50);
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heapUsed };
}

const actions = {
  async start({ kind, maxEvents = 100_000 }) {
    if (kind === 'bare') {
      server = createServer((_request, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write(':\n');
      });
    } else {
      log =
        kind === 'sqlite'
          ? createSqliteEventLog({ path: join(folder, `${Math.random()}.db`), maxEvents })
          : createMemoryEventLog({ maxEvents });
      hub = createHub({ log });
      await hub.ready();
      endpoint = createStreamEndpoint({ hub, verifier });
      server = createServer((request, response) => {
        void endpoint.stream(createNodeExchange(request, response), { topics: ['news'] });
      });
    }
    await new Promise((resolve) => server.listen(0, '127.0.0.1', 4_096, resolve));
    return { port: server.address().port };
  },
  memory: collect,
  /** Publishes in batches that wait for each other. */
  async fill({ count }) {
    for (let done = 0; done < count; done += 500) {
      await Promise.all(Array.from({ length: Math.min(500, count - done) }, () => hub.publish('news', { data })));
    }
    return hub.position;
  },
  /** Publishes so many at a time, and the next ones once the event loop has gone round. */
  async publish({ inFlight, durationMs }) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const endMs = performance.now() + durationMs;
    const cpu = process.cpuUsage();
    let published = 0;
    while (performance.now() < endMs) {
      await Promise.all(Array.from({ length: inFlight }, () => hub.publish('news', { data })));
      published += inFlight;
      // So that sockets are served as well: a log in memory resolves in microtasks alone.
      await new Promise((resolve) => setImmediate(resolve));
    }
    delay.disable();
    const { user, system } = process.cpuUsage(cpu);
    return { published, loopDelayMs: delay.max / 1e6, cpuMs: (user + system) / 1_000 };
  },
  /** Measures the event loop until told to stop. */
  async watch() {
    actions.delay = monitorEventLoopDelay({ resolution: 1 });
    actions.delay.enable();
    actions.cpu = process.cpuUsage();
    return {};
  },
  async stopWatching() {
    actions.delay.disable();
    const { user, system } = process.cpuUsage(actions.cpu);
    return { loopDelayMs: actions.delay.max / 1e6, cpuMs: (user + system) / 1_000 };
  },
  async stop() {
    endpoint?.close();
    await hub?.close();
    await log?.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    endpoint = hub = log = undefined;
    await rm(folder, { recursive: true, force: true });
    return {};
  },
};

process.on('message', async ({ id, action, ...options }) => {
  try {
    process.send({ id, result: await actions[action](options) });
  } catch (error) {
    process.send({ id, error: String(error?.stack ?? error) });
  }
});
process.send({ ready: true });
