import { describe, expect, it, vi } from 'vitest';
import { formatEventId } from '../events/event-id.ts';
import type { LogEntry } from '../events/event-log.ts';
import type { SubscriptionSnapshot } from './subscription.ts';
import { createHub } from './hub.ts';
import type { Hub } from './hub.ts';
import { createMemoryEventLog } from '../logs/memory-event-log.ts';
import { createMemorySink } from './memory-sink.fixture.ts';
import { settle } from '../core/tick.fixture.ts';

interface Counter {
  readonly hub: Hub;
  add(): Promise<string>;
  subscribe(lastEventId?: string): ReturnType<typeof createMemorySink>;
  snapshot: () => Promise<SubscriptionSnapshot>;
}

/** A number that goes up to 3, published at each step: the smallest state that a stream can be about. */
async function createCounter(maxEvents = 100): Promise<Counter> {
  const hub = createHub({ log: createMemoryEventLog({ epoch: 'e1', maxEvents }), maxRecentEvents: maxEvents });
  await hub.ready();
  let count = 0;
  const counter: Counter = {
    hub,
    add: async () => hub.publish('count', { data: ++count }),
    snapshot: async () => {
      await Promise.resolve();
      return { after: formatEventId(hub.position), event: { type: 'state', data: String(count) } };
    },
    subscribe(lastEventId) {
      const sink = createMemorySink();
      const completeAfter = ({ data }: LogEntry): boolean => Number(data) >= 3;
      hub.subscribe({ topics: ['count'], lastEventId, sink, snapshot: counter.snapshot, completeAfter });
      return sink;
    },
  };
  return counter;
}

const complete = { id: 'sillage-complete', type: 'complete', data: '' };

describe('a snapshot', () => {
  it('opens a subscription without an ID, and events continue after its position (PROTOCOL 5.5)', async () => {
    const counter = await createCounter();
    await counter.add();
    const sink = counter.subscribe();
    await settle();
    await counter.add();
    await settle();
    expect(sink.events()).toEqual([
      { id: 'e1-1', type: 'state', data: '1' },
      { id: 'e1-2', data: '2' },
    ]);
  });

  it('misses nothing that was published while it was taken', async () => {
    const counter = await createCounter();
    const { snapshot } = counter;
    counter.snapshot = async () => {
      const taken = await snapshot();
      await counter.add();
      return taken;
    };
    const sink = counter.subscribe();
    await settle();
    expect(sink.events().map(({ data }) => data)).toEqual(['0', '1']);
  });

  it('is not sent where a client resumes and nothing is lost', async () => {
    const counter = await createCounter();
    await counter.add();
    await counter.add();
    const sink = counter.subscribe('e1-1');
    await settle();
    expect(sink.events()).toEqual([{ id: 'e1-2', data: '2' }, { id: 'e1-2' }]);
  });

  it('follows a gap instead of the remaining events (PROTOCOL 5.5)', async () => {
    const counter = await createCounter();
    await counter.add();
    await counter.add();
    const sink = counter.subscribe('other-7');
    await settle();
    expect(sink.events()).toEqual([
      { id: 'e1-0', type: 'gap', data: '{"reason":"epoch","after":"other-7"}' },
      { id: 'e1-2', type: 'state', data: '2' },
      { id: 'e1-2' },
    ]);
  });

  it('that fails or has no valid position ends the connection', async () => {
    const counter = await createCounter();
    const error = new Error('no state');
    counter.snapshot = () => Promise.reject(error);
    const failed = counter.subscribe();
    counter.snapshot = () => Promise.resolve({ after: 'nowhere', event: { type: 'state', data: '0' } });
    const lost = counter.subscribe();
    await settle();
    expect(failed.ended).toEqual({ reason: 'failed', cause: error });
    expect(lost.ended).toMatchObject({ reason: 'failed', cause: { code: 'invalid-configuration' } });
  });

  it('is not written to a client that has left meanwhile', async () => {
    const counter = await createCounter();
    const sink = counter.subscribe();
    sink.leave();
    await settle();
    expect([sink.writeCount(), counter.hub.liveCount]).toEqual([0, 0]);
  });
});

describe('the last event', () => {
  it('is followed by complete, and by nothing else (PROTOCOL 6.2)', async () => {
    const counter = await createCounter();
    const sink = counter.subscribe();
    await settle();
    // In one tick, so that they are one buffer.
    await Promise.all([counter.add(), counter.add(), counter.add(), counter.add()]);
    await settle();
    expect(sink.events().slice(1)).toEqual([
      { id: 'e1-1', data: '1' },
      { id: 'e1-2', data: '2' },
      { id: 'e1-3', data: '3' },
      complete,
    ]);
    expect([sink.ended?.reason, counter.hub.liveCount]).toEqual(['completed', 0]);
  });

  it('ends each session where it stands, and no session of another kind', async () => {
    const counter = await createCounter();
    const endless = createMemorySink();
    counter.hub.subscribe({ topics: ['count'], sink: endless });
    const sinks = [counter.subscribe(), counter.subscribe()];
    await settle();
    for (let count = 0; count < 4; count += 1) await counter.add();
    await settle();
    expect(sinks.map(({ ended }) => ended?.reason)).toEqual(['completed', 'completed']);
    expect(endless.sequences()).toEqual([1, 2, 3, 4]);
  });

  it('is replayed to a client that missed it', async () => {
    const counter = await createCounter();
    for (let count = 0; count < 3; count += 1) await counter.add();
    const sink = counter.subscribe('e1-1');
    await settle();
    expect(sink.events()).toEqual([{ id: 'e1-2', data: '2' }, { id: 'e1-3', data: '3' }, complete]);
  });

  it('is replayed from the log too, where memory no longer has it', async () => {
    const log = createMemoryEventLog({ epoch: 'e1' });
    const hub = createHub({ log, maxRecentEvents: 1 });
    await hub.ready();
    for (const data of [1, 2, 3]) await hub.publish('count', { data });
    const snapshot = vi.fn(() => Promise.resolve({ after: 'e1-3', event: { type: 'state', data: '3' } }));
    const sink = createMemorySink();
    hub.subscribe({
      topics: ['count'],
      lastEventId: 'e1-0',
      sink,
      snapshot,
      completeAfter: ({ data }) => data === '3',
    });
    await settle();
    expect(sink.events().map(({ data }) => data)).toEqual(['1', '2', '3', '']);
  });

  it('is not sent again to a client that resumes after it, which gets complete at once', async () => {
    const counter = await createCounter();
    for (let count = 0; count < 3; count += 1) await counter.add();
    const after = await counter.hub.publish('other', { data: 'x' });
    const sinks = [counter.subscribe('e1-3'), counter.subscribe(after)];
    await settle();
    expect(sinks.map((sink) => sink.events())).toEqual([[complete], [complete]]);
    expect(sinks.map(({ ended }) => ended?.reason)).toEqual(['completed', 'completed']);
  });

  it('may be the snapshot, for a client that connects after the end or after the log has removed the event', async () => {
    const counter = await createCounter(1);
    for (let count = 0; count < 3; count += 1) await counter.add();
    await counter.hub.publish('other', { data: 'x' });
    const fresh = counter.subscribe();
    const behind = counter.subscribe('e1-1');
    await settle();
    expect(fresh.events()).toEqual([{ id: 'e1-4', type: 'state', data: '3' }, complete]);
    expect(behind.events()).toMatchObject([{ type: 'gap' }, { type: 'state', data: '3' }, complete]);
  });
});
