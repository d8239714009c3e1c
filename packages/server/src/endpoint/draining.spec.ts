import { describe, expect, it } from 'vitest';
import { settle } from '../core/tick.fixture.ts';
import { createMemoryExchange } from '../http/memory-transport.fixture.ts';
import type { MemoryTransport } from '../http/memory-transport.fixture.ts';
import { createTestEndpoint } from './endpoint.fixture.ts';
import type { TestEndpoint } from './endpoint.fixture.ts';

async function connect({ endpoint }: TestEndpoint): Promise<MemoryTransport> {
  const exchange = createMemoryExchange({ authorization: 'Bearer alice' });
  await endpoint.stream(exchange, { topics: ['news'] });
  return exchange.transport;
}

describe('draining (PROTOCOL 9.7)', () => {
  it('asks every client to rotate within the window, and resolves when the last one has left', async () => {
    const test = createTestEndpoint();
    const [first, second] = await Promise.all([connect(test), connect(test)]);
    let progress = 'draining';
    const drained = test.endpoint.drain({ windowMs: 10_000 }).then(() => (progress = 'drained'));
    for (const transport of [first, second])
      expect(transport.events().at(-1)).toEqual({ type: 'rotate', data: '{"withinMs":7000}' });
    first.leave();
    await settle();
    expect(progress).toBe('draining');
    second.leave();
    await drained;
    expect(test.closed).toEqual(['client-left', 'client-left']);
  });

  it('sends events until a client has left, and refuses new requests meanwhile with Retry-After', async () => {
    const test = createTestEndpoint();
    const transport = await connect(test);
    void test.endpoint.drain({ windowMs: 10_000 });
    await test.hub.publish('news', { data: 'still here' });
    await settle();
    expect(transport.events().at(-1)).toMatchObject({ data: '"still here"' });
    const late = await connect(test);
    expect([late.status, late.headers['Retry-After']]).toEqual([503, '1']);
  });

  it('ends what is left at the end of the window, with random times to reconnect after', async () => {
    const test = createTestEndpoint();
    const transports = await Promise.all([connect(test), connect(test)]);
    const values = [0.25, 0.75];
    const drained = test.endpoint.drain({ windowMs: 10_000, maxRetryMs: 4_000, random: () => values.shift() ?? 0 });
    test.clock.advance(9_999);
    expect(test.closed).toEqual([]);
    test.clock.advance(1);
    await drained;
    expect(transports.map((transport) => transport.events().at(-1)?.retry)).toEqual(['1000', '3000']);
    expect(test.closed).toEqual(['server-closing', 'server-closing']);
  });

  it('does not ask a finite stream, whose client may follow another protocol, and ends it at the end of the window', async () => {
    const test = createTestEndpoint();
    const exchange = createMemoryExchange({ authorization: 'Bearer alice' });
    const answered = test.endpoint.respond(exchange, {}, async function* ({ signal }) {
      yield { data: 'begun' };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    await settle();
    const drained = test.endpoint.drain({ windowMs: 10_000 });
    expect(exchange.transport.events()).toMatchObject([{ data: '"begun"' }]);
    test.clock.advance(10_000);
    await Promise.all([drained, answered]);
    expect(test.closed).toEqual(['server-closing']);
  });

  it('of a server without sessions resolves at once', async () => {
    const test = createTestEndpoint();
    await test.endpoint.drain();
    expect((await connect(test)).status).toBe(503);
  });

  it('asks once, however often it is called, and ends with close()', async () => {
    const test = createTestEndpoint();
    const transport = await connect(test);
    const both = Promise.all([test.endpoint.drain(), test.endpoint.drain()]);
    await settle();
    expect(transport.events().filter(({ type }) => type === 'rotate')).toHaveLength(1);
    test.endpoint.close();
    await both;
    expect(test.closed).toEqual(['server-closing']);
  });

  it.each([{ windowMs: 0 }, { windowMs: 1.5 }, { maxRetryMs: -1 }])('refuses %j', async (options) => {
    await expect(createTestEndpoint().endpoint.drain(options)).rejects.toMatchObject({ code: 'invalid-configuration' });
  });
});
