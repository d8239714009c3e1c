import { describe, expect, it } from 'vitest';
import { settle } from '../core/tick.fixture.ts';
import type { EventLog, LogTailListener } from '../events/event-log.ts';
import { createMemoryExchange } from '../http/memory-transport.fixture.ts';
import { createHub } from '../hub/hub.ts';
import { createMemoryEventLog } from '../logs/memory-event-log.ts';
import { createTestEndpoint } from './endpoint.fixture.ts';
import type { TestEndpoint } from './endpoint.fixture.ts';

async function openStream({ endpoint }: TestEndpoint, user: string) {
  const exchange = createMemoryExchange({ authorization: `Bearer ${user}` });
  await endpoint.stream(exchange, { topics: ['news'] });
  return exchange.transport;
}

/** A log that two nodes share, of which the second can be cut off. */
function createSharedLog(maxEvents = 1_000) {
  const log = createMemoryEventLog({ epoch: 'e1', maxEvents });
  let listener: LogTailListener | undefined;
  let isCut = false;
  let silenceMs = 0;
  const cuttable: EventLog = {
    ...log,
    async tail(wanted) {
      listener = wanted;
      const tail = await log.tail({
        ...wanted,
        onEvents(events) {
          if (!isCut) wanted.onEvents(events);
        },
      });
      return { ...tail, silenceMs: () => silenceMs };
    },
  };
  return {
    log,
    cuttable,
    cut: () => (isCut = true),
    /** The tail jumps to the present, as after a lost connection. */
    async reconnect(): Promise<void> {
      isCut = false;
      const place = await log.position();
      listener?.onReset(place);
    },
    beSilentFor: (ms: number) => (silenceMs = ms),
  };
}

async function createNodes(maxEvents?: number) {
  const shared = createSharedLog(maxEvents);
  const first = createTestEndpoint({ hub: createHub({ log: shared.log }) });
  const second = createTestEndpoint({ hub: createHub({ log: shared.cuttable }) });
  await Promise.all([first.hub.ready(), second.hub.ready()]);
  return { shared, first, second };
}

describe('a user whose access is revoked on one node', () => {
  it('has no stream on any other', async () => {
    const { first, second } = await createNodes();
    const streams = [
      await openStream(first, 'alice'),
      await openStream(second, 'alice'),
      await openStream(second, 'bob'),
    ];
    expect(await first.endpoint.revoke('t.alice')).toBe(1);
    await settle();
    expect(streams.map(({ state }) => state)).toEqual(['ended', 'ended', 'open']);
    expect([first.closed, second.closed]).toEqual([['revoked'], ['revoked']]);
  });

  it('may connect again at once, and is not disconnected by the same revocation', async () => {
    const { first } = await createNodes();
    await first.endpoint.revoke('t.alice');
    const stream = await openStream(first, 'alice');
    await settle();
    expect(stream.state).toBe('open');
  });

  it('has none on a node that was cut off meanwhile, once that hears from the log again', async () => {
    const { shared, first, second } = await createNodes();
    const [alice, bob] = [await openStream(second, 'alice'), await openStream(second, 'bob')];
    shared.cut();
    await first.endpoint.revoke('t.alice');
    await settle();
    expect(alice.state).toBe('open');
    await shared.reconnect();
    await settle();
    expect([alice.state, bob.state]).toEqual(['ended', 'open']);
  });

  it('has none there although the log no longer holds the revocation: everybody is authorised again', async () => {
    const { shared, first, second } = await createNodes(5);
    const streams = [await openStream(second, 'alice'), await openStream(second, 'bob')];
    shared.cut();
    await first.endpoint.revoke('t.alice');
    for (let data = 0; data < 10; data += 1) await first.hub.publish('news', { data });
    await shared.reconnect();
    await settle();
    expect(streams.map(({ state }) => state)).toEqual(['ended', 'ended']);
  });

  it('is reported as revoked on this node only, if the log cannot be written', async () => {
    const log = createMemoryEventLog();
    const broken = { ...log, append: () => Promise.reject(new Error('The log is away.')) };
    const test = createTestEndpoint({ hub: createHub({ log: broken }) });
    const stream = await openStream(test, 'alice');
    await expect(test.endpoint.revoke('t.alice')).rejects.toThrow('The log is away.');
    expect(stream.state).toBe('ended');
  });
});

describe('a node that does not hear from its log', () => {
  it('refuses new streams after ten seconds, and takes them again afterwards', async () => {
    const { shared, second } = await createNodes();
    const open = await openStream(second, 'alice');
    shared.beSilentFor(10_001);
    const refused = await openStream(second, 'bob');
    expect([refused.status, refused.headers['Retry-After'], second.refused]).toEqual([503, '5', ['log-unavailable']]);
    expect(open.state).toBe('open');
    shared.beSilentFor(0);
    expect((await openStream(second, 'bob')).status).toBe(200);
  });
});
