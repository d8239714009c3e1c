import { describe, expect, it } from 'vitest';
import { createIdentity } from '../auth/identity.fixture.ts';
import { settle } from '../core/tick.fixture.ts';
import { createMemoryExchange } from '../http/memory-transport.fixture.ts';
import type { MemoryTransport } from '../http/memory-transport.fixture.ts';
import { createTestEndpoint } from './endpoint.fixture.ts';
import type { TestEndpoint } from './endpoint.fixture.ts';
import { createStreams } from './streams-table.ts';
import type { CreateStreamsOptions } from './streams-table.ts';

const alice = { authorization: 'Bearer alice' };

/** A table with streams for everybody, for some, and with an end. */
function createTable(test: TestEndpoint, options: Partial<CreateStreamsOptions> = {}) {
  return createStreams(
    {
      '/rooms/:id': { topics: ({ params }) => [`rooms/${params.id}`] },
      '/closed': { topics: ['closed'], authorize: () => 'forbidden' },
      '/count': {
        async *respond({ query }) {
          yield await Promise.resolve({ data: query.get('from') });
        },
      },
    },
    { endpoint: test.endpoint, ...options },
  );
}

async function connect(
  test: TestEndpoint,
  body: unknown,
  options: Partial<CreateStreamsOptions> = {},
  headers = alice,
) {
  const exchange = createMemoryExchange(headers, 'POST');
  const request = { ...exchange.request, path: '/api/multiplex' };
  const streams = createTable(test, options);
  await streams.handle({ ...exchange, request, readJson: () => Promise.resolve(body) }, '/multiplex');
  await settle();
  return exchange.transport;
}

/** Takes a multiplexed response apart, as PROTOCOL 10.3 and 10.4 say. */
function take(transport: MemoryTransport) {
  const heads = new Map<string, { status: number; headers: Record<string, string> }>();
  const bodies = new Map<string, string>();
  const ended: string[] = [];
  let rest = Buffer.from(transport.text());
  let between = '';
  while (rest.length > 0) {
    const [, type = '', data = ''] = /^event: (head|part|end)\ndata: (.*)\n\n/.exec(rest.toString()) ?? [];
    if (type === '') {
      // A heartbeat or an event of the connection: up to the end of its line or block.
      const line = /^(:\n|[^]*?\n\n)/.exec(rest.toString())?.[0] ?? rest.toString();
      between += line;
      rest = rest.subarray(Buffer.byteLength(line));
      continue;
    }
    rest = rest.subarray(Buffer.byteLength(`event: ${type}\ndata: ${data}\n\n`));
    if (type === 'head') {
      const { key, ...head } = JSON.parse(data) as { key: string; status: number; headers: Record<string, string> };
      heads.set(key, head);
    } else if (type === 'end') ended.push(data);
    else {
      const [key = '', bytes = ''] = data.split(' ');
      bodies.set(key, (bodies.get(key) ?? '') + rest.subarray(0, Number(bytes)).toString());
      rest = rest.subarray(Number(bytes));
    }
  }
  return { heads, bodies, ended, between };
}

describe('a multiplexed connection (PROTOCOL 10)', () => {
  it('carries what each stream would have sent alone', async () => {
    const test = createTestEndpoint();
    await test.hub.publish('rooms/1', { data: 'before' });
    const transport = await connect(test, {
      streams: { a: { path: '/rooms/1', after: 'e1-0' }, b: { path: '/rooms/2' }, c: { path: '/count?from=7' } },
    });
    await test.hub.publish('rooms/2', { data: 'é' });
    await settle();
    const { heads, bodies, ended, between } = take(transport);
    expect([transport.status, transport.headers['Content-Type']]).toEqual([200, 'text/event-stream']);
    expect([...heads].map(([key, { status }]) => [key, status]).sort()).toEqual([
      ['a', 200],
      ['b', 200],
      ['c', 200],
    ]);
    expect(bodies.get('a')).toBe(':\nid: e1-1\ndata: "before"\n\nid: e1-1\n\n');
    expect(bodies.get('b')).toBe(':\nid: e1-1\n\nid: e1-2\ndata: "é"\n\n');
    expect(bodies.get('c')).toContain('data: "7"\n\n');
    expect([ended, between]).toEqual([['c'], ':\n']);
  });

  it('refuses one stream with its problem, and opens the others', async () => {
    const test = createTestEndpoint();
    const transport = await connect(test, {
      streams: { a: { path: '/closed' }, b: { path: '/nowhere' }, c: { path: '/rooms/1' } },
    });
    const { heads, bodies, ended } = take(transport);
    expect([...heads].map(([key, { status }]) => [key, status]).sort()).toEqual([
      ['a', 403],
      ['b', 404],
      ['c', 200],
    ]);
    expect(JSON.parse(bodies.get('a') ?? '')).toMatchObject({ code: 'forbidden' });
    expect(ended.sort()).toEqual(['a', 'b']);
  });

  it('asks the guard of the table about every stream', async () => {
    const test = createTestEndpoint();
    const asked: unknown[] = [];
    await connect(
      test,
      { streams: { a: { path: '/rooms/1' }, b: { path: '/rooms/2' } } },
      {
        guard: ({ params }) => {
          asked.push(params.id);
          return 'allow';
        },
      },
    );
    expect(asked.sort()).toEqual(['1', '2']);
  });

  it('ends with all of its streams when the user is revoked, the token expires or the client leaves', async () => {
    const test = createTestEndpoint();
    test.identities.set('alice', createIdentity({ key: 't.alice', expiresAtMs: test.clock.now() + 60_000 }));
    const body = { streams: { a: { path: '/rooms/1' }, b: { path: '/rooms/2' } } };
    const revoked = await connect(test, body);
    expect(test.endpoint.sessions.count).toBe(3);
    void test.endpoint.revoke('t.alice');
    const expired = await connect(test, body);
    test.clock.advance(60_000);
    test.identities.set('alice', createIdentity({ key: 't.alice' }));
    const left = await connect(test, body);
    left.leave();
    expect([revoked.state, expired.state, test.endpoint.sessions.count]).toEqual(['ended', 'ended', 0]);
    expect(test.closed.filter((reason) => reason === 'failed')).toEqual([]);
  });

  it('has one heartbeat, and is asked once to rotate', async () => {
    const test = createTestEndpoint({ heartbeatMs: 1_000 });
    const transport = await connect(test, { streams: { a: { path: '/rooms/1' }, b: { path: '/rooms/2' } } });
    test.clock.advance(1_100);
    void test.endpoint.drain({ windowMs: 1_000 });
    await settle();
    const { bodies, between } = take(transport);
    expect(between).toBe(':\n:\nevent: rotate\ndata: {"withinMs":700}\n\n');
    expect([...bodies.values()]).toEqual([':\nid: e1-0\n\n', ':\nid: e1-0\n\n']);
  });

  it('sends the events of a tick in one write', async () => {
    const test = createTestEndpoint();
    const transport = await connect(test, { streams: { a: { path: '/rooms/1' }, b: { path: '/rooms/2' } } });
    const before = transport.writeCount;
    await Promise.all(['1', '2', '1'].map((id) => test.hub.publish(`rooms/${id}`, { data: id })));
    await settle();
    expect(transport.writeCount - before).toBe(1);
  });

  it('gives a client that reads nothing no more live events, and all of them once it reads', async () => {
    const test = createTestEndpoint({ maxUnsentBytes: 100_000 });
    const transport = await connect(test, { streams: { a: { path: '/rooms/1' }, b: { path: '/rooms/2' } } });
    transport.isReading = false;
    for (let count = 1; count <= 40; count += 1) {
      await test.hub.publish(`rooms/${(count % 2) + 1}`, { data: 'x'.repeat(10_000) });
      await settle(1);
    }
    expect(transport.unsentBytes).toBeLessThan(150_000);
    for (let count = 0; count < 10; count += 1) {
      transport.drain();
      await settle();
    }
    const { bodies } = take(transport);
    const idsOf = (key: string) =>
      [...(bodies.get(key) ?? '').matchAll(/id: e1-(\d+)\ndata/g)].map(([, id]) => Number(id));
    expect(idsOf('a')).toEqual(Array.from({ length: 20 }, (_, index) => 2 * index + 2));
    expect(idsOf('b')).toEqual(Array.from({ length: 20 }, (_, index) => 2 * index + 1));
  });

  it.each([
    undefined,
    {},
    { streams: {} },
    { streams: { 'a b': { path: '/rooms/1' } } },
    { streams: { a: { path: 'rooms/1' } } },
    { streams: { a: { path: `/${'x'.repeat(2_048)}` } } },
    { streams: { a: { path: '/rooms/1', after: 7 } } },
    { streams: { a: null } },
    { streams: { a: { path: '/rooms/1' }, b: { path: '/rooms/1' }, c: { path: '/rooms/1' } } },
  ])('refuses the body %j', async (body) => {
    const test = createTestEndpoint();
    const transport = await connect(test, body, { maxMultiplexed: 2 });
    expect([transport.status, test.refused]).toEqual([400, ['invalid-multiplex-request']]);
  });

  it('refuses a body that is too large, a request without a token, and another method', async () => {
    const test = createTestEndpoint();
    const body = { streams: { a: { path: '/rooms/1' } } };
    expect((await connect(test, 'too-large')).status).toBe(413);
    expect((await connect(test, body, {}, {} as typeof alice)).status).toBe(401);
    const { transport, ...exchange } = createMemoryExchange(alice);
    await createTable(test).handle({ ...exchange, transport }, '/multiplex');
    expect([transport.status, transport.headers.Allow]).toEqual([405, 'POST, QUERY, OPTIONS']);
  });

  it('waits for a body that does not come no longer than ten seconds', async () => {
    const test = createTestEndpoint();
    const exchange = createMemoryExchange(alice, 'POST');
    const handled = createTable(test).handle(
      { ...exchange, readJson: () => new Promise<never>(() => undefined) },
      '/multiplex',
    );
    await settle();
    test.clock.advance(10_000);
    await handled;
    expect(exchange.transport.status).toBe(400);
  });

  it('is nowhere if the table says so', () => {
    expect(createTable(createTestEndpoint(), { multiplexAt: 'none' }).match('/multiplex')).toBeUndefined();
  });
});
