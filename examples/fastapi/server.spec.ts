import {
  ALICE,
  CAROL,
  CONTOSO,
  SAMPLE_API,
  startEntraEmulator,
  type EntraEmulator,
  type MintRequest,
} from '@sillage/entra-emulator';
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
    sessions: async (topic, count) => {
      for (;;) {
        const { sessions } = (await (await fetch(`${server.origin}/health`)).json()) as {
          sessions: Record<string, number>;
        };
        if ((sessions[topic] ?? 0) === count) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };

  describe('holds what the protocol asks of any backend', () => {
    it.each(scenarios.filter(({ needs }) => needs === undefined))('$name', ({ run }) => run(world));
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

  it.each([
    ['a reserved type', { type: 'gap', data: 1 }],
    ['a type that would forge a line', { type: 'a\ndata: forged', data: 1 }],
    ['no data', { type: 'a' }],
    ['no object', 'text'],
  ])('refuses to publish %s', async (_, body) => {
    expect((await send('a', body)).status).toBe(400);
  });
});
