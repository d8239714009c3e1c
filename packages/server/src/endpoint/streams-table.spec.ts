import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { claimsChallenge } from '../auth/claims-challenge.ts';
import { createIdentity } from '../auth/identity.fixture.ts';
import { createMemoryExchange } from '../http/memory-transport.fixture.ts';
import type { MemoryTransport } from '../http/memory-transport.fixture.ts';
import { createTestEndpoint } from './endpoint.fixture.ts';
import type { StreamContext } from './stream-options.ts';
import { createStreams } from './streams-table.ts';
import type { PathParams, Streams } from './streams-table.ts';

const alice = { authorization: 'Bearer alice' };

async function request(
  streams: Streams,
  path: string,
  {
    headers = alice,
    method = 'GET',
    query = '',
  }: { headers?: Record<string, string>; method?: string; query?: string } = {},
): Promise<MemoryTransport> {
  const { transport, request: head } = createMemoryExchange(headers, method, query);
  const exchangeRequest = { ...head, path };
  await streams.handle({ request: exchangeRequest, native: exchangeRequest, transport });
  return transport;
}

const codeOf = (transport: MemoryTransport): unknown => (JSON.parse(transport.text()) as { code: unknown }).code;

describe('createStreams', () => {
  it('serves a stream with the decoded groups of its path', async () => {
    const { endpoint, hub } = createTestEndpoint();
    const streams = createStreams(
      {
        '/orders/:id/events': {
          topics: ({ params }) => [`orders/${params.id}`],
          snapshot: ({ params }) => ({ after: 'e1-1', event: { data: params.id } }),
        },
      },
      { endpoint },
    );
    await hub.publish('orders/a b', { data: 'shipped' });
    const transport = await request(streams, '/orders/a%20b/events');
    expect([transport.status, transport.events()]).toEqual([200, [expect.objectContaining({ data: '"a b"' })]]);
  });

  it('serves a finite stream with the groups of its path', async () => {
    const { endpoint } = createTestEndpoint();
    const streams = createStreams(
      {
        '/answers/:id': {
          methods: ['POST'],
          async *respond({ params }) {
            yield await Promise.resolve({ data: `answer ${params.id}` });
          },
        },
      },
      { endpoint },
    );
    expect((await request(streams, '/answers/7')).status).toBe(405);
    const transport = await request(streams, '/answers/7', { method: 'POST' });
    expect(transport.events()[0]).toMatchObject({ data: '"answer 7"' });
  });

  it('asks the guard about every stream, before the authorization of the stream and before its topics', async () => {
    const { endpoint } = createTestEndpoint();
    const authorize = vi.fn(() => 'allow' as const);
    const topics = vi.fn(() => ['news']);
    const respond = vi.fn(async function* () {
      yield await Promise.resolve({ data: 1 });
    });
    const guard = vi.fn(() => ({ kind: 'too-many-requests', retryAfterMs: 2_000 }) as const);
    const streams = createStreams(
      {
        '/topics': { authorize, topics },
        '/finite': { authorize, respond },
        '/plain/:id': { topics: ['news'] },
      },
      { endpoint, guard },
    );
    for (const path of ['/topics', '/finite', '/plain/1']) {
      const transport = await request(streams, path);
      expect([path, transport.status, transport.headers['Retry-After']]).toEqual([path, 429, '2']);
    }
    expect(guard.mock.calls.flat()).toMatchObject([{ params: {} }, { params: {} }, { params: { id: '1' } }]);
    for (const callback of [authorize, topics, respond]) expect(callback).not.toHaveBeenCalled();
  });

  it('asks the stream once the guard has allowed the request', async () => {
    const { endpoint, identities } = createTestEndpoint();
    identities.set('alice', createIdentity({ supportsClaimsChallenge: true }));
    const streams = createStreams(
      {
        '/private/:id': {
          topics: ['news'],
          authorize: ({ params }) => (params.id === 'mine' ? claimsChallenge({ acrs: 'c1' }) : 'not-found'),
        },
      },
      { endpoint, guard: () => 'allow' },
    );
    expect((await request(streams, '/private/mine')).headers['WWW-Authenticate']).toContain('insufficient_claims');
    expect((await request(streams, '/private/other')).status).toBe(404);
  });

  it('does not ask the guard about a request without a valid token', async () => {
    const { endpoint } = createTestEndpoint();
    const guard = vi.fn(() => 'allow' as const);
    const streams = createStreams({ '/news': { topics: ['news'] } }, { endpoint, guard });
    const transport = await request(streams, '/news', { headers: {} });
    expect([transport.status, codeOf(transport)]).toEqual([401, 'no-token']);
    expect(guard).not.toHaveBeenCalled();
  });

  it('answers 500 and opens nothing if the guard throws', async () => {
    const { endpoint, errors } = createTestEndpoint();
    const streams = createStreams(
      { '/news': { topics: ['news'] } },
      { endpoint, guard: () => Promise.reject(new Error('limits are down')) },
    );
    expect((await request(streams, '/news')).status).toBe(500);
    expect([errors, endpoint.sessions.count]).toMatchObject([[{ message: 'limits are down' }], 0]);
  });

  it('requires the access of the table, unless the stream states its own', async () => {
    const { endpoint, identities } = createTestEndpoint();
    identities.set('alice', createIdentity({ scopes: ['News.Read'], roles: [] }));
    const streams = createStreams(
      {
        '/default': { topics: ['news'] },
        '/own': { topics: ['news'], scopes: ['News.Read'] },
        '/roles': { topics: ['news'], roles: ['Admin'] },
      },
      { endpoint, access: { scopes: ['Orders.Read'] } },
    );
    const statuses = await Promise.all(
      ['/default', '/own', '/roles'].map(async (path) => (await request(streams, path)).status),
    );
    expect(statuses).toEqual([403, 200, 403]);
  });

  it('serves a stream by ticket, and issues tickets for paths of the table only', async () => {
    const { endpoint, identities } = createTestEndpoint({ tokenTransports: ['header', 'ticket'] });
    const streams = createStreams({ '/orders/:id/events': { topics: ['news'] } }, { endpoint });
    const identity = identities.get('alice') ?? createIdentity();
    expect(streams.issueTicket(identity, '/me')).toBeUndefined();
    const ticket = streams.issueTicket(identity, '/orders/1/events');
    const transport = await request(streams, '/orders/1/events', {
      headers: {},
      query: `ticket=${ticket?.ticket ?? ''}`,
    });
    expect(transport.status).toBe(200);
  });

  it('serves a stream by its own endpoint where it names one', async () => {
    const [usual, other] = [createTestEndpoint(), createTestEndpoint({ tokenTransports: ['query'] })];
    const streams = createStreams(
      { '/usual': { topics: ['news'] }, '/other': { topics: ['news'], endpoint: other.endpoint } },
      { endpoint: usual.endpoint },
    );
    const byQuery = { headers: {}, query: 'access_token=alice' };
    expect((await request(streams, '/usual', byQuery)).status).not.toBe(200);
    expect((await request(streams, '/other', byQuery)).status).toBe(200);
  });

  it.each(['/', '/orders', '/orders/1/events/', '/ORDERS/1/events', '/orders/%ff/events', '/x/../orders/1/events', ''])(
    'answers nothing for %j, which the table does not have',
    async (path) => {
      const { endpoint } = createTestEndpoint();
      const streams = createStreams({ '/orders/:id/events': { topics: ['news'] } }, { endpoint });
      const exchange = createMemoryExchange(alice);
      expect([streams.match(path), await streams.handle(exchange, path), exchange.transport.status]).toEqual([
        undefined,
        'no-stream',
        undefined,
      ]);
    },
  );

  it('lets the first of several matching patterns serve', () => {
    const { endpoint } = createTestEndpoint();
    const streams = createStreams({ '/a/all': { topics: ['all'] }, '/a/:id': { topics: ['one'] } }, { endpoint });
    expect([streams.paths, streams.match('/a/all'), streams.match('/a/1')]).toEqual([
      ['/a/all', '/a/:id'],
      '/a/all',
      '/a/:id',
    ]);
  });

  it.each([
    ['orders', /begin it with/],
    ['/orders/(', /not a valid pathname pattern/],
  ])('refuses the pattern %j', (path, message) => {
    const { endpoint } = createTestEndpoint();
    expect(() => createStreams({ [path]: { topics: ['news'] } }, { endpoint })).toThrow(message);
  });

  it('says what to do on a runtime without URLPattern', () => {
    vi.stubGlobal('URLPattern', undefined);
    const { endpoint } = createTestEndpoint();
    expect(() => createStreams({ '/news': { topics: ['news'] } }, { endpoint })).toThrow(/use Node 24/);
    vi.unstubAllGlobals();
  });

  it('types the groups of each path, and the request of the framework', () => {
    expectTypeOf<PathParams<'/orders/:id/lines/:line(\\d+)'>>().toEqualTypeOf<{
      readonly id: string;
      readonly line: string;
    }>();
    const { endpoint } = createTestEndpoint();
    const guard = ({ request: native }: StreamContext<{ ip: string }>) => (native.ip === '' ? 'forbidden' : 'allow');
    const streams = createStreams(
      {
        '/orders/:id': {
          topics: ({ params, request: native }) => {
            expectTypeOf(params).toEqualTypeOf<{ readonly id: string }>();
            expectTypeOf(native).toEqualTypeOf<{ ip: string }>();
            return [params.id];
          },
        },
      },
      { endpoint, guard },
    );
    expectTypeOf(streams).toEqualTypeOf<Streams<{ ip: string }>>();
  });
});
