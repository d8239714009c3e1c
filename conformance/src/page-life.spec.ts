import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { openDevtoolsPage, type DevtoolsPage } from './devtools-page.ts';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

/**
 * A plain event stream without heartbeats, and a page of its origin. Between the browser and the server is a proxy that can fall silent: it keeps
 * its connections and forwards nothing more, as a network does that is gone.
 */
async function startWorld(script: string, zone: string) {
  const sent: string[] = [];
  const streams = new Set<ServerResponse>();
  const requests: { readonly path: string; readonly lastEventId: string | undefined }[] = [];
  const send = (response: ServerResponse, id: number): void =>
    void response.write(`id: ${id}\ndata: ${sent[id - 1] ?? ''}\n\n`);

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '/';
    if (path.startsWith('/events')) {
      const lastEventId = request.headers['last-event-id'] as string | undefined;
      requests.push({ path, lastEventId });
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(lastEventId === undefined ? `id: ${sent.length}\n\n` : ':\n');
      for (let id = Number(lastEventId ?? sent.length) + 1; id <= sent.length; id += 1) send(response, id);
      streams.add(response);
      response.once('close', () => streams.delete(response));
      return;
    }
    response.setHeader('Content-Type', 'text/html');
    if (path === '/ping') response.end('pong');
    else {
      const scripts = (path === '/zone' ? [zone, script] : [script]).map((text) =>
        text.replaceAll('</script', '<\\/script'),
      );
      response.end(`<!doctype html><title>Page</title>${scripts.map((text) => `<script>${text}</script>`).join('')}`);
    }
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');

  const sockets = new Set<Socket>();
  const streaming = new WeakSet<Socket>();
  let silenced: ReadonlySet<Socket> = new Set();
  const proxy = createTcpServer((socket) => {
    const upstream = connect((server.address() as AddressInfo).port, 'localhost');
    sockets.add(socket);
    socket.on('data', (bytes) => {
      if (silenced.has(socket)) return;
      if (bytes.toString('latin1').startsWith('GET /events')) streaming.add(socket);
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => silenced.has(socket) || socket.write(bytes));
    for (const side of [socket, upstream]) side.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      upstream.destroy();
    });
    upstream.on('close', () => silenced.has(socket) || socket.destroy());
  });
  proxy.listen(0, 'localhost');
  await once(proxy, 'listening');

  return {
    origin: `http://localhost:${(proxy.address() as AddressInfo).port}`,
    requests,
    publish: (data: string): void => {
      sent.push(data);
      for (const response of streams) send(response, sent.length);
    },
    /** The streams of now fall silent; later connections work. Idle ones are closed, or the browser would use a dead one next. */
    fallSilent: (): void => {
      silenced = new Set([...sockets].filter((socket) => streaming.has(socket)));
      for (const socket of sockets) if (!silenced.has(socket)) socket.destroy();
    },
    openStreams: () => streams.size,
    close: async (): Promise<void> => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What the page's script offers. */
interface PageApi {
  open(name: string, options?: object): void;
  openWithAsynchronousSchema(name: string): void;
  close(name: string): void;
  seen(name: string): { readonly data: unknown[]; readonly states: string[] };
}

const pageScript = `
import { createEventStream } from '@sillage/client';
const streams = new Map();
const listen = (name, stream, next) => {
  const seen = { data: [], states: [] };
  streams.set(name, { stream, seen });
  stream.subscribe({ next: next ?? (({ data }) => void seen.data.push(data)), state: ({ status }) => void seen.states.push(status) });
  return seen;
};
Object.assign(globalThis, {
  open: (name, options = {}) => void listen(name, createEventStream('/events?' + name, options)),
  openWithAsynchronousSchema: (name) => {
    const schema = { '~standard': { version: 1, vendor: 'test', validate: async (value) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { value: { validated: value } };
    } } };
    const seen = listen(name, createEventStream('/events?' + name, { decode: schema }), async ({ data }) => {
      seen.data.push(data);
      await new Promise((resolve) => setTimeout(resolve, 5));
      seen.data.push('done');
    });
  },
  close: (name) => streams.get(name).stream.close(),
  seen: (name) => streams.get(name).seen,
});
`;

async function bundle(contents: string): Promise<string> {
  const stdin = { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)) };
  const { outputFiles } = await build({ stdin, bundle: true, format: 'iife', write: false });
  return outputFiles[0]?.text ?? '';
}

let world: Awaited<ReturnType<typeof startWorld>>;
beforeAll(async () => {
  world = await startWorld(await bundle(pageScript), await bundle("import 'zone';"));
});
afterAll(() => world.close());

describe('a page in Chromium', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
    });
  });
  afterEach(() => context.close());
  afterAll(() => browser.close());

  const load = async (path = '/'): Promise<void> => {
    world.requests.length = 0;
    context = await browser.newContext();
    page = await context.newPage();
    await page.goto(`${world.origin}${path}`);
  };
  const open = (name: string, options = {}): Promise<void> =>
    page.evaluate(([n, o]) => (globalThis as unknown as PageApi).open(n, o), [name, options] as const);
  const seen = (name: string): Promise<ReturnType<PageApi['seen']>> =>
    page.evaluate((n) => (globalThis as unknown as PageApi).seen(n), name);
  const data = async (name: string): Promise<unknown[]> => (await seen(name)).data;
  const isOpen = async (name: string): Promise<boolean> => (await seen(name)).states.at(-1) === 'open';

  it('whose network flaps asks at most once in baseDelayMs, and loses nothing', async () => {
    await load();
    await open('flaps');
    await expect.poll(() => isOpen('flaps')).toBe(true);
    const before = Date.now();
    for (let flap = 0; flap < 10; flap += 1) {
      await context.setOffline(true);
      await context.setOffline(false);
    }
    const seconds = (Date.now() - before) / 1_000;
    world.fallSilent();
    world.publish('6');
    await expect.poll(() => data('flaps'), { timeout: 15_000 }).toEqual([6]);
    // The flaps themselves, and the one that replaces the dead connection.
    expect(world.requests.length).toBeLessThanOrEqual(2 + Math.ceil(seconds));
  });

  it('with eight streams over HTTP/1.1 has six, and the others wait with a limit until one is free', async () => {
    await load();
    const names = Array.from({ length: 8 }, (_, n) => `stream-${n}`);
    for (const name of names) await open(name, { connectTimeoutMs: 1_000 });
    const opened = async (): Promise<number> => (await Promise.all(names.map(isOpen))).filter((state) => state).length;
    await expect.poll(opened).toBe(6);
    // The two that have no connection fail in time instead of hanging, and try again.
    await expect
      .poll(
        async () => (await Promise.all(names.map(seen))).filter(({ states }) => states.includes('waiting')).length,
        {
          timeout: 10_000,
        },
      )
      .toBe(2);
    const first = await Promise.all(names.map(isOpen));
    const free = names.filter((_, n) => first[n] === true).slice(0, 3);
    for (const name of free) await page.evaluate((n) => (globalThis as unknown as PageApi).close(n), name);
    await expect.poll(opened, { timeout: 15_000 }).toBe(5);
    // Three were closed, so an ordinary request has a connection.
    expect(await page.evaluate(() => fetch('/ping').then((response) => response.text()))).toBe('pong');
  });

  it('under zone.js awaits an asynchronous schema and an asynchronous subscriber, in order', async () => {
    await load('/zone');
    expect(await page.evaluate(() => (Promise as unknown as { name: string }).name)).toBe('ZoneAwarePromise');
    await page.evaluate(() => (globalThis as unknown as PageApi).openWithAsynchronousSchema('zone'));
    await expect.poll(() => isOpen('zone')).toBe(true);
    world.publish('7');
    world.publish('8');
    await expect.poll(() => data('zone')).toEqual([{ validated: 7 }, 'done', { validated: 8 }, 'done']);
  });
});

describe('a page in Chromium that was away', () => {
  let page: DevtoolsPage;
  beforeEach(async () => {
    world.requests.length = 0;
    page = await openDevtoolsPage(world.origin);
    await expect.poll(() => page.evaluate('typeof open.toString() === "string" && typeof seen')).toBe('function');
    await page.evaluate(`globalThis.wakes = 0;
      document.addEventListener('resume', () => (wakes += 1));
      open('away')`);
    await expect.poll(() => page.evaluate(`seen('away').states.at(-1)`)).toBe('open');
    world.publish('10');
    await expect.poll(() => data()).toEqual([10]);
  });
  afterEach(() => page.close());
  const data = (): Promise<unknown> => page.evaluate(`seen('away').data`);

  const freeze = {
    name: 'frozen',
    leave: () => page.setLifecycle('frozen'),
    come: () => page.setLifecycle('active'),
  };
  const cache = {
    name: 'in the back/forward cache',
    leave: () => page.navigate(`${world.origin}/ping`),
    come: () => page.goBack(),
  };

  it.each([freeze, cache])(
    '$name finds its connection dead without heartbeats, and loses nothing',
    async ({ leave, come }) => {
      await leave();
      world.fallSilent();
      world.publish('11');
      await come();
      world.publish('12');
      await expect.poll(data, { timeout: 15_000 }).toEqual([10, 11, 12]);
      expect(await page.evaluate('wakes')).toBe(1);
      expect(world.requests).toHaveLength(2);
    },
  );

  it.each([freeze, cache])('$name keeps its connection if it is alive', async ({ leave, come }) => {
    await leave();
    await come();
    await expect.poll(() => page.evaluate('wakes')).toBe(1);
    world.publish('13');
    await expect.poll(data).toEqual([10, 13]);
    world.publish('14');
    await expect.poll(data).toEqual([10, 13, 14]);
    expect(world.requests).toHaveLength(1);
  });
});
