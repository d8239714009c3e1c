import {
  ALICE,
  CAROL,
  CONTOSO,
  SAMPLE_API,
  startEntraEmulator,
  type EntraEmulator,
  type MintRequest,
} from '@sillage/entra-emulator';
import { once } from 'node:events';
import { connect } from 'node:net';
import { scenarios } from 'conformance';
import type { World } from 'conformance/world';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingPython, startCuttingProxy, startPythonServer, type PythonServer } from './python-server.fixture.ts';

const missing = missingPython();
if (missing !== null) console.warn(missing);

describe.skipIf(missing !== null)('the FastAPI example', () => {
  let emulator: EntraEmulator;
  let server: PythonServer;
  let proxy: Awaited<ReturnType<typeof startCuttingProxy>>;

  beforeAll(async () => {
    emulator = await startEntraEmulator();
    server = await startPythonServer({
      ENTRA_TENANT_ID: CONTOSO.tenantId,
      ENTRA_API_CLIENT_ID: SAMPLE_API.clientId,
      ENTRA_AUTHORITY: emulator.origin,
      CLOCK_TOLERANCE_SECONDS: '0',
      HEARTBEAT_SECONDS: '1',
      MAX_EVENTS: '50',
      KEY_COOLDOWN_SECONDS: '0',
    });
    proxy = await startCuttingProxy(server.origin);
  });
  afterAll(async () => {
    proxy.end();
    await server.end();
    await emulator.close();
  });

  const mint = (request: Partial<MintRequest> = {}): Promise<string> =>
    emulator.mintToken({ username: ALICE.username, scopes: ['Stream.Access'], ...request });
  const send = async (topic: string, body: unknown): Promise<Response> =>
    fetch(`${server.origin}/chat/${topic}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${await mint()}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });

  const world: World = {
    url: (path) => `${proxy.origin}${path}`,
    topic: (name) => `${proxy.origin}/chat/stream/${name}`,
    token: ({ lifetimeMs = 3_600_000, scope = 'read' } = {}) =>
      mint({ lifetimeMs, ...(scope === 'read' ? {} : { claims: { scp: 'Other.Scope' } }) }),
    // `exp` is in whole seconds.
    shortTokenMs: 2_000,
    publish: async (topic, ...events) => {
      for (const event of events) expect((await send(topic, event)).status).toBe(201);
    },
    cutConnections: () => {
      proxy.cut();
      return Promise.resolve();
    },
    loseLog: () => server.restart(),
    drain: () => Promise.reject(new Error('The example has no other server to move to.')),
    sessions: async (topic, count) => {
      for (;;) {
        const response = await fetch(`${server.origin}/chat/${topic}/listeners`, {
          headers: { Authorization: `Bearer ${await mint()}` },
        });
        if (((await response.json()) as { count: number }).count === count) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };

  describe('passes the conformance scenarios', () => {
    it.each(scenarios.filter(({ needs = '' }) => ['', 'session-announcements', 'other-than-ascii'].includes(needs)))(
      '$name',
      ({ run }) => run(world),
    );
  });

  it.each<[string, Partial<MintRequest>, number]>([
    ['of another audience', { audience: '00000003-0000-0000-c000-000000000000' }, 401],
    ['of another issuer', { issuer: 'https://evil.example/v2.0' }, 401],
    ['of another tenant', { username: CAROL.username }, 401],
    ['that is unsigned', { algorithm: 'none' }, 401],
    ['that is signed with the public key (HS256)', { algorithm: 'HS256-with-public-key' }, 401],
    ['of a key that nobody published', { signedBy: 'unknown' }, 401],
    ['of a key of another issuer', { signedBy: 'foreign' }, 401],
    ['that is expired', { lifetimeMs: -60_000 }, 401],
    ['without a scope', { scopes: [] }, 403],
  ])('refuses a token %s', async (_, request, status) => {
    const token = await mint(request);
    const response = await fetch(world.topic('a'), { headers: { Authorization: `Bearer ${token}` } });
    expect(response.status).toBe(status);
    expect(response.headers.get('WWW-Authenticate')).toMatch(/error="(invalid_token|insufficient_scope)"/);
    expect(await response.text()).not.toContain(token);
  });

  it.each<[string, unknown]>([
    ['a reserved type', { type: 'gap', data: 1 }],
    ['a type that would forge a line', { type: 'a\ndata: forged', data: 1 }],
    ['a type with a lone surrogate', { type: 'a\ud800', data: 1 }],
    ['an empty type', { type: '', data: 1 }],
    ['a type that is a number', { type: 5, data: 1 }],
    ['a type that is a list', { type: ['gap'], data: 1 }],
    ['a type that is null', { type: null, data: 1 }],
    ['no data', { type: 'a' }],
    ['a string', 'text'],
    ['a list', [1]],
    ['null', null],
  ])('refuses to publish %s', async (_, body) => {
    const response = await send('a', body);
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'invalid-body' }]);
  });

  it.each<[string, BodyInit, number]>([
    ['NaN', '{"data":NaN}', 400],
    ['Infinity', '{"data":[-Infinity]}', 400],
    ['a number that overflows to Infinity', '{"data":1e999}', 400],
    ['an integer of 5,000 digits', `{"data":${'9'.repeat(5_000)}}`, 400],
    ['arrays that are nested too deeply', `{"data":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, 400],
    ['bytes that are not UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), 400],
    ['nothing', '', 400],
    ['a body past its limit', JSON.stringify({ data: 'x'.repeat(1_100_000) }), 413],
  ])('refuses a body with %s', async (_, body, status) => {
    const response = await fetch(`${server.origin}/chat/a`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${await mint()}`, 'Content-Type': 'application/json' },
      body,
    });
    expect([response.status, response.headers.get('Content-Type')]).toEqual([status, 'application/problem+json']);
  });

  it('delivers data with a lone surrogate, and the next event after it', async () => {
    await world.publish('surrogate', { data: '\ud800' }, { data: 'after' });
    const response = await fetch(`${server.origin}/chat/stream/surrogate`, {
      headers: { Authorization: `Bearer ${await mint()}`, 'Last-Event-ID': 'unknown' },
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('"after"')) text += (await reader?.read())?.value ?? '';
    await reader?.cancel();
    expect(text).toContain(String.raw`data: "\ud800"`);
  });

  it.each([
    ['of 5,000 digits', '9'.repeat(5_000)],
    ['with digits that are not ASCII', '\u0661'],
    ['with a sign', '-1'],
  ])('reports a gap for a Last-Event-ID %s', async (_, sequence) => {
    const { id } = (await (await send('a', { data: 1 })).json()) as { id: string };
    const lastEventId = `${id.split('-')[0] ?? ''}-${sequence}`;
    const response = await fetch(`${server.origin}/chat/stream/a`, {
      headers: { Authorization: `Bearer ${await mint()}`, 'Last-Event-ID': utf8Header(lastEventId) },
    });
    expect(response.status).toBe(200);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('event: ')) text += (await reader?.read())?.value ?? '';
    await reader?.cancel();
    expect(text).toContain('event: gap');
  });

  it.each([
    ['/chat/stream/a%20b', 404],
    [`/chat/stream/${'x'.repeat(65)}`, 404],
    ['/chat/a%0ab/listeners', 404],
    ['/nowhere', 404],
  ])('answers %s with a problem', async (path, status) => {
    const response = await fetch(`${server.origin}${path}`, { headers: { Authorization: `Bearer ${await mint()}` } });
    expect([response.status, response.headers.get('Content-Type')]).toEqual([status, 'application/problem+json']);
  });

  it('names no session on the public /health, and shows listeners only with a token', async () => {
    expect(await (await fetch(`${server.origin}/health`)).json()).toEqual({ status: 'ok' });
    expect((await fetch(`${server.origin}/chat/secret/listeners`)).status).toBe(401);
  });

  it('refuses a body without a token before it has been sent', async () => {
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array([0x7b])) });
    const response = await fetch(`${server.origin}/chat/a`, { method: 'POST', body, ...{ duplex: 'half' } });
    expect(response.status).toBe(401);
  });

  describe('with a cooldown of keys', () => {
    let slow: PythonServer;

    beforeAll(async () => {
      slow = await startPythonServer({
        ENTRA_TENANT_ID: CONTOSO.tenantId,
        ENTRA_API_CLIENT_ID: SAMPLE_API.clientId,
        ENTRA_AUTHORITY: emulator.origin,
      });
    });
    afterAll(() => slow.end());

    const ask = async (request: Partial<MintRequest> = {}): Promise<Response> =>
      fetch(`${slow.origin}/chat/a/listeners`, { headers: { Authorization: `Bearer ${await mint(request)}` } });
    const fetches = (): number => emulator.requestLog().filter(({ endpoint }) => endpoint === 'keys').length;

    it('fetches the keys once for 20 invented kids, answers 503 meanwhile, and takes good tokens', async () => {
      expect((await ask()).status).toBe(200);
      const before = fetches();
      for (let count = 0; count < 20; count += 1) {
        const response = await ask({ signedBy: 'unknown', kid: `invented-${count}` });
        expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '10']);
      }
      expect(fetches() - before).toBe(0);
      expect((await ask()).status).toBe(200);
    });

    it('exits on SIGTERM with an open stream and a request whose body never ends', { timeout: 20_000 }, async () => {
      const stream = await fetch(`${slow.origin}/chat/stream/a`, {
        headers: { Authorization: `Bearer ${await mint()}` },
      });
      const { hostname, port } = new URL(slow.origin);
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      socket.write(
        `POST /chat/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await mint()}\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n`,
      );
      await once(socket, 'data');
      // Newer versions of uvicorn send themselves the signal again once they have shut down.
      expect([
        [0, null],
        [null, 'SIGTERM'],
      ]).toContainEqual(await slow.terminate());
      expect(await stream.text().catch(() => 'cut off')).not.toBe('cut off');
    });
  });
});

/** A header holds bytes: each character of the text, in UTF-8 (PROTOCOL 2.3). */
function utf8Header(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
