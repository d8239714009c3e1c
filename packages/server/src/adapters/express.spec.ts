import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { createEntraVerifier } from '../auth/entra-verifier.ts';
import { CLIENT_ID, createTestKey, createTestTenant, TENANT } from '../auth/entra.fixture.ts';
import { APP_ORIGIN, createTestEndpoint } from '../endpoint/endpoint.fixture.ts';
import type { TestEndpoint } from '../endpoint/endpoint.fixture.ts';
import type { ParsedEvent } from '../events/event-stream.fixture.ts';
import { parseEventStream } from '../events/event-stream.fixture.ts';
import type { SessionTransport } from '../http/session-transport.ts';
import { createHub } from '../hub/hub.ts';
import { createIdentity } from '../auth/identity.fixture.ts';
import type { TicketOptions } from '../auth/tickets.ts';
import { createMemoryEventLog } from '../logs/memory-event-log.ts';
import { createStreamEndpoint } from '../endpoint/stream-endpoint.ts';
import { createPublishEndpoint } from '../endpoint/publish-endpoint.ts';
import { createStreams } from '../endpoint/streams-table.ts';
import {
  expressAuthenticate,
  expressCors,
  expressPublish,
  expressRespond,
  expressStream,
  expressStreams,
  expressTickets,
  identityOf,
} from './express.ts';
import { createNodeExchange } from './node.ts';

const ALICE = { authorization: 'Bearer alice' };
const servers: Server[] = [];

async function listen(app: RequestListener): Promise<string> {
  const server = createServer(app).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Reads until the stream holds so many blocks, or ends. */
async function readBlocks(response: Response, count: number): Promise<ParsedEvent[]> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (text.split('\n\n').length <= count) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
  return parseEventStream(text);
}

/** Resolves once it is true. It depends on the network, so no fake clock can help. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

describe('a stream over HTTP', () => {
  it('on a connection with others is requested with a JSON body, which is limited (PROTOCOL 10.1)', async () => {
    const { endpoint, hub } = createTestEndpoint();
    const app = express();
    app.use('/api', expressStreams(createStreams({ '/news': { topics: ['news'] } }, { endpoint })));
    const url = `${await listen(app)}/api/multiplex`;
    const post = (body: string) => fetch(url, { method: 'POST', headers: ALICE, body });
    const response = await post('{"streams":{"a":{"path":"/news"}}}');
    const reader = (response.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream()).getReader();
    let received = '';
    while (!received.includes('event: part')) received += (await reader.read()).value ?? '';
    await hub.publish('news', { data: 'é' });
    while (!received.includes('data: "é"')) received += (await reader.read()).value ?? '';
    expect(received).toContain('event: head\ndata: {"key":"a","status":200');
    await reader.cancel();
    expect((await post('{"streams":')).status).toBe(400);
    // The refusal arrives, though the body was not read to its end.
    const large = await post(JSON.stringify({ streams: {}, more: 'x'.repeat(5_000_000) }));
    expect([large.status, await large.json()]).toMatchObject([413, { code: 'body-too-large' }]);
  });

  it('is what the whole protocol says, from an Entra token to an event', async () => {
    const tenant = createTestTenant(await createTestKey('k1'));
    const verifier = createEntraVerifier({
      tenants: TENANT,
      audience: CLIENT_ID,
      fetch: tenant.fetch,
      clock: tenant.clock,
    });
    const hub = createHub({ log: createMemoryEventLog({ epoch: 'e1' }) });
    const endpoint = createStreamEndpoint({ hub, verifier, clock: tenant.clock });
    const app = express();
    app.all(
      '/rooms/:room/events',
      expressStream(endpoint, {
        scopes: ['Events.Read'],
        topics: ({ request }) => [`rooms/${String(request.params.room)}`],
      }),
    );
    const url = `${await listen(app)}/rooms/7/events`;
    const authorization = `Bearer ${await tenant.sign(tenant.userClaims())}`;

    const response = await fetch(url, { headers: { authorization } });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    await hub.publish('rooms/8', { data: 'elsewhere' });
    await hub.publish('rooms/7', { type: 'said', data: { text: 'héllo' } });
    expect(await readBlocks(response, 2)).toEqual([
      { id: 'e1-0' },
      { id: 'e1-2', type: 'said', data: '{"text":"héllo"}' },
    ]);

    const resumed = await fetch(url, { headers: { authorization, 'last-event-id': 'e1-1' } });
    expect(await readBlocks(resumed, 2)).toMatchObject([{ id: 'e1-2', type: 'said' }, { id: 'e1-2' }]);

    const refused = await fetch(url, { headers: { authorization: `${authorization}x` } });
    expect([refused.status, refused.headers.get('content-type')]).toEqual([401, 'application/problem+json']);
    expect(await refused.json()).toMatchObject({ code: 'bad-signature' });
  });

  it('comes from bare node:http too', async () => {
    const { endpoint, hub } = createTestEndpoint();
    const url = await listen(
      (request, response) => void endpoint.stream(createNodeExchange(request, response), { topics: ['news'] }),
    );
    const response = await fetch(`${url}/?x=1`, { headers: ALICE });
    await hub.publish('news', { data: 1 });
    expect(await readBlocks(response, 2)).toMatchObject([{ id: 'e1-0' }, { data: '1' }]);
    expect((await fetch(`${url}/?access_token=alice`)).status).toBe(400);
    expect((await fetch(url, { method: 'HEAD', headers: ALICE })).status).toBe(405);
  });

  it('ends when its client leaves', async () => {
    const test = createTestEndpoint();
    const url = await listen(
      (request, response) => void test.endpoint.stream(createNodeExchange(request, response), { topics: ['news'] }),
    );
    const controllers = Array.from({ length: 20 }, () => new AbortController());
    await Promise.all(controllers.map(({ signal }) => fetch(url, { headers: ALICE, signal })));
    expect(test.endpoint.sessions.count).toBe(20);
    for (const controller of controllers) controller.abort();
    await until(() => test.endpoint.sessions.count === 0);
    expect([test.hub.liveCount, test.clock.timerCount]).toEqual([0, 0]);
  });

  it('ends as a whole response when its token does (PROTOCOL 6.1)', async () => {
    const test = createTestEndpoint();
    test.identities.set('alice', createIdentity({ expiresAtMs: test.clock.now() + 1_000 }));
    const url = await listen(
      (request, response) => void test.endpoint.stream(createNodeExchange(request, response), { topics: ['news'] }),
    );
    const response = await fetch(url, { headers: ALICE });
    test.clock.advance(1_000);
    expect(await response.text()).toBe(':\nid: e1-0\n\n');
    await until(() => test.clock.timerCount === 0);
  });

  async function openStalled(test: TestEndpoint): Promise<IncomingMessage> {
    const url = await listen(
      (request, response) => void test.endpoint.stream(createNodeExchange(request, response), { topics: ['news'] }),
    );
    const client = httpRequest(url, { headers: ALICE });
    client.on('error', () => undefined);
    client.end();
    const [response] = (await once(client, 'response')) as [IncomingMessage];
    response.pause();
    response.on('error', () => undefined);
    return response;
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('disconnects a client that reads nothing for the stall time (PROTOCOL 6.4)', async () => {
    const test = createTestEndpoint({ maxUnsentBytes: 100_000, stallMs: 60_000 });
    const stalled = await openStalled(test);
    // The kernel's own buffers take some megabytes first.
    for (let count = 0; count < 200; count += 1) {
      await test.hub.publish('news', { text: 'x'.repeat(100_000) });
      await turn();
    }
    expect(test.closed).toEqual([]);
    test.clock.advance(70_000);
    expect(test.closed).toEqual(['slow-consumer']);
    stalled.destroy();
  });

  it('sends large events, and all that follow them, to a client on a slow line (PROTOCOL 6.4)', async () => {
    const test = createTestEndpoint({ maxUnsentBytes: 100_000, stallMs: 60_000 });
    const slow = await openStalled(test);
    const large = 'x'.repeat(1_000_000);
    for (let count = 1; count <= 15; count += 1) await test.hub.publish('news', { text: large });
    for (let count = 16; count <= 20; count += 1) await test.hub.publish('news', { text: 'small' });
    let text = '';
    // One megabit a second is 125,000 bytes. All of it takes two minutes, longer than the stall time.
    for (let second = 0; second < 400 && !text.includes('id: e1-20\n'); second += 1) {
      for (let bytes = 0; bytes < 125_000;) {
        const chunk = slow.read() as Buffer | null;
        if (chunk === null) break;
        bytes += chunk.byteLength;
        text += chunk.toString();
      }
      for (let turns = 0; turns < 5; turns += 1) await turn();
      test.clock.advance(1_000);
    }
    expect(test.closed).toEqual([]);
    const ids = parseEventStream(text.slice(0, text.lastIndexOf('\n\n'))).map(({ id }) => id);
    expect(ids).toEqual(Array.from({ length: 21 }, (_, index) => `e1-${index}`));
    slow.destroy();
  });

  it('counts what is left of a large write, and not the write, as unsent', async () => {
    let transport: SessionTransport | undefined;
    const url = await listen((request, response) => {
      ({ transport } = createNodeExchange(request, response));
      transport.start(200, {});
      transport.write(new Uint8Array(30_000_000));
    });
    const client = httpRequest(url);
    client.end();
    const [response] = (await once(client, 'response')) as [IncomingMessage];
    let left = transport?.unsentBytes ?? 0;
    let steps = 0;
    let taken = 0;
    for await (const chunk of response) {
      taken += (chunk as Buffer).byteLength;
      const { unsentBytes = 0 } = transport ?? {};
      if (unsentBytes < left) steps += 1;
      left = unsentBytes;
      if (taken === 30_000_000) break;
    }
    // TCP opens its window in few large steps; a write that counts as a whole would make one.
    expect(steps).toBeGreaterThan(2);
    expect(left).toBe(0);
  });

  it('ends after everything that was written, also what Node was not given yet', async () => {
    const url = await listen((request, response) => {
      const { transport } = createNodeExchange(request, response);
      transport.start(200, {});
      for (let count = 0; count < 50; count += 1) transport.write(new Uint8Array(100_000).fill(count));
      transport.end();
      transport.write(new Uint8Array(100_000));
    });
    const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
    expect(bytes.byteLength).toBe(5_000_000);
    expect(Array.from({ length: 50 }, (_, index) => bytes[index * 100_000 + 99_999])).toEqual(
      Array.from({ length: 50 }, (_, index) => index),
    );
  });
});

describe('a finite stream over HTTP', () => {
  it('answers a POST, and ends (PROTOCOL 6.2)', async () => {
    const { endpoint } = createTestEndpoint();
    const app = express();
    app.all(
      '/echo',
      express.json(),
      expressRespond(endpoint, {}, async function* ({ request }) {
        for (const word of (request.body as { words: string[] }).words) yield await Promise.resolve({ data: word });
      }),
    );
    const response = await fetch(`${await listen(app)}/echo`, {
      method: 'POST',
      headers: { ...ALICE, 'content-type': 'application/json' },
      body: JSON.stringify({ words: ['a', 'b'] }),
    });
    expect(parseEventStream(await response.text())).toEqual([
      { data: '"a"' },
      { data: '"b"' },
      { id: 'sillage-complete', type: 'complete', data: '' },
    ]);
  });

  it('aborts what its source waits for when the client leaves', async () => {
    const test = createTestEndpoint();
    let signal: AbortSignal | undefined;
    const app = express();
    app.all(
      '/wait',
      expressRespond(test.endpoint, {}, async function* (context) {
        ({ signal } = context);
        yield { data: 1 };
        await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
      }),
    );
    const controller = new AbortController();
    await fetch(`${await listen(app)}/wait`, { headers: ALICE, signal: controller.signal });
    controller.abort();
    await until(() => test.closed.length === 1);
    expect([signal?.aborted, test.closed]).toEqual([true, ['client-left']]);
  });
});

describe('ordinary routes', () => {
  function createApp() {
    const test = createTestEndpoint();
    const app = express();
    app.use(expressCors({ origins: [APP_ORIGIN] }, ['GET', 'DELETE']));
    app.get('/me', expressAuthenticate(test.endpoint, { scopes: ['Events.Read'] }), (_request, response) => {
      response.json({ key: identityOf(response).key });
    });
    app.get('/admin', expressAuthenticate(test.endpoint, { roles: ['Admin'] }));
    app.get('/open', (_request, response) => {
      response.json({ key: identityOf(response).key });
    });
    app.all('/events', expressStream(test.endpoint, { topics: ['news'] }));
    app.use(((_error, _request, response, _next) => response.status(500).end()) as express.ErrorRequestHandler);
    return app;
  }

  it('know the identity of the request', async () => {
    const url = await listen(createApp());
    expect(await (await fetch(`${url}/me`, { headers: ALICE })).json()).toEqual({ key: 't.alice' });
  });

  it('refuse as streams do, in a way that the page may read (PROTOCOL 3.5, 7)', async () => {
    const url = await listen(createApp());
    const nobody = await fetch(`${url}/me`, { headers: { origin: APP_ORIGIN } });
    expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="api"']);
    expect(nobody.headers.get('access-control-allow-origin')).toBe(APP_ORIGIN);
    expect(nobody.headers.get('content-type')).toBe('application/problem+json');
    expect(await nobody.json()).toMatchObject({ status: 401, code: 'no-token' });
    expect((await fetch(`${url}/admin`, { headers: ALICE })).status).toBe(403);
  });

  it('that were not guarded have no identity', async () => {
    expect((await fetch(`${await listen(createApp())}/open`)).status).toBe(500);
  });

  it('share one CORS policy with the streams', async () => {
    const url = await listen(createApp());
    const headers = { origin: APP_ORIGIN, 'access-control-request-method': 'DELETE' };
    const preflight = await fetch(`${url}/me`, { method: 'OPTIONS', headers });
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([204, 'GET, DELETE']);
    const stranger = await fetch(`${url}/me`, {
      method: 'OPTIONS',
      headers: { ...headers, origin: 'https://evil.example' },
    });
    expect([stranger.status, stranger.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    const stream = await fetch(`${url}/events`, { headers: { ...ALICE, origin: APP_ORIGIN } });
    expect([stream.headers.get('vary'), stream.headers.get('access-control-allow-origin')]).toEqual([
      'Origin',
      APP_ORIGIN,
    ]);
    await stream.body?.cancel();
  });
});

describe('publishing over HTTP', () => {
  it('takes events of another service, and limits the body that it reads', async () => {
    const hub = createHub({ log: createMemoryEventLog({ epoch: 'e1' }) });
    const verifier = {
      verify: () => Promise.resolve(createIdentity({ kind: 'application', scopes: [], roles: ['Publish'] })),
    };
    const grants = { Publish: ['orders'] };
    const publishing = createPublishEndpoint({ hub, verifier, grants, maxBodyBytes: 1_000 });
    const url = await listen(express().all('/publish', expressPublish(publishing)));
    const post = (body: string) =>
      fetch(`${url}/publish`, {
        method: 'POST',
        headers: { authorization: 'Bearer token', 'content-type': 'application/json' },
        body,
      });
    const answer = await post('{"events":[{"topic":"orders","data":1}]}');
    expect([answer.status, await answer.json()]).toEqual([200, { ids: ['e1-1'], isRepeat: false }]);
    expect((await post('{"events":')).status).toBe(400);
    expect((await post(`{"events":[{"topic":"orders","data":"${'x'.repeat(1_000_000)}"}]}`)).status).toBe(413);
    expect((await post('{"events":[{"topic":"orders","data":2}]}')).status).toBe(200);
  });
});

describe('tickets over HTTP (PROTOCOL 2.5)', () => {
  async function setUp(tokenTransports: ('header' | 'ticket')[] = ['header', 'ticket'], tickets: TicketOptions = {}) {
    const { endpoint, hub } = createTestEndpoint({ tokenTransports, tickets });
    const app = express();
    app.use(express.json());
    app.post('/tickets', expressTickets(endpoint));
    app.all('/news', expressStream(endpoint, { topics: ['news'] }));
    app.all('/other', expressStream(endpoint, { topics: ['news'] }));
    const origin = await listen(app);
    const ask = (body: unknown, headers: Record<string, string> = ALICE): Promise<Response> =>
      fetch(`${origin}/tickets`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const ticket = async (path = '/news'): Promise<string> =>
      ((await (await ask({ path })).json()) as { ticket: string }).ticket;
    return { origin, hub, ask, ticket };
  }

  it('open a stream once, without a header', async () => {
    const { origin, hub, ticket } = await setUp();
    const url = `${origin}/news?ticket=${await ticket()}`;
    const response = await fetch(url);
    expect(response.status).toBe(200);
    await hub.publish('news', { data: 1 });
    expect(await readBlocks(response, 2)).toMatchObject([{}, { data: '1' }]);
    const again = await fetch(url);
    expect(again.status).toBe(401);
    expect(await again.json()).toMatchObject({ code: 'void-ticket' });
  });

  it('open no other stream, and are not taken beside a token', async () => {
    const { origin, ticket } = await setUp();
    expect((await fetch(`${origin}/other?ticket=${await ticket()}`)).status).toBe(401);
    expect((await fetch(`${origin}/news?ticket=${await ticket()}`, { headers: ALICE })).status).toBe(400);
  });

  it('are not issued without a token or for an invalid path', async () => {
    const { ask } = await setUp();
    expect((await ask({ path: '/news' }, {})).status).toBe(401);
    expect((await ask({})).status).toBe(400);
    const given = await ask({ path: '/news' });
    expect(given.status).toBe(201);
    expect(given.headers.get('cache-control')).toBe('no-store');
  });

  it('buy no other ticket and open no ordinary route', async () => {
    const { origin, ticket } = await setUp();
    const bought = await ticket();
    const again = await fetch(`${origin}/tickets?ticket=${bought}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ path: '/news' }),
    });
    expect([again.status, ((await again.json()) as { code: string }).code]).toEqual([401, 'no-token']);
  });

  it('are for paths only, of a limited length and number', async () => {
    const { ask } = await setUp();
    const codes = await Promise.all(
      [{ path: 'news' }, { path: '/news?a=1' }, { path: `/${'x'.repeat(3_000)}` }, { path: 7 }].map(async (body) => {
        const response = await ask(body);
        return [response.status, ((await response.json()) as { code: string }).code];
      }),
    );
    expect(codes).toEqual(Array.from({ length: 4 }, () => [400, 'no-ticket-path']));
    const limited = await setUp(['header', 'ticket'], { maxTickets: 1 });
    expect((await limited.ask({ path: '/news' })).status).toBe(201);
    const refused = await limited.ask({ path: '/news' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '30']);
  });

  it('open a stream behind a proxy that removes a prefix of the path', async () => {
    const { origin, ticket } = await setUp();
    const response = await fetch(`${origin}/news?ticket=${await ticket('/api/v2/news')}`);
    expect(response.status).toBe(200);
    await response.body?.cancel();
  });

  it('count as no token unless they are enabled', async () => {
    const { origin, ask } = await setUp(['header']);
    expect((await fetch(`${origin}/news?ticket=x`)).status).toBe(401);
    expect((await ask({ path: '/news' })).status).toBe(500);
  });
});

describe('expressStreams', () => {
  it('serves a table under a prefix with one line, and passes other paths on', async () => {
    const { endpoint, hub } = createTestEndpoint();
    const app = express();
    const streams = createStreams({ '/orders/:id/events': { topics: ({ params }) => [params.id] } }, { endpoint });
    app.use('/api', expressStreams(streams));
    app.use((_request, response) => response.status(418).end());
    const origin = await listen(app);
    const open = (path: string) => fetch(`${origin}${path}`, { headers: ALICE });
    const response = await open('/api/orders/7/events');
    await hub.publish('7', { data: 'shipped' });
    expect(await readBlocks(response, 2)).toMatchObject([{}, { data: '"shipped"' }]);
    for (const path of ['/api/orders', '/orders/7/events', '/api/orders/%ff/events']) {
      expect([path, (await open(path)).status]).toEqual([path, 418]);
    }
  });

  it('answers preflights and other methods of its streams', async () => {
    const { endpoint } = createTestEndpoint();
    const app = express();
    app.use(expressStreams(createStreams({ '/news': { topics: ['news'] } }, { endpoint })));
    const origin = await listen(app);
    const preflight = await fetch(`${origin}/news`, {
      method: 'OPTIONS',
      headers: { Origin: APP_ORIGIN, 'Access-Control-Request-Method': 'GET' },
    });
    expect([preflight.status, (await fetch(`${origin}/news`, { method: 'PUT' })).status]).toEqual([204, 405]);
  });
});
