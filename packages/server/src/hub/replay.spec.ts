import { describe, expect, it, vi } from 'vitest';
import { settle } from '../core/tick.fixture.ts';
import { formatEventId } from '../events/event-id.ts';
import type { EventLog, LogReadRequest } from '../events/event-log.ts';
import { createMemoryEventLog } from '../logs/memory-event-log.ts';
import { createFanOut } from './fan-out.ts';
import { createHub } from './hub.ts';
import type { Hub } from './hub.ts';
import { createMemorySink } from './memory-sink.fixture.ts';
import type { MemorySink } from './memory-sink.fixture.ts';
import { createReplay } from './replay.ts';

interface Recorded {
  readonly hub: Hub;
  readonly log: EventLog;
  readonly reads: LogReadRequest[];
  /** How many reads were in progress at most. */
  mostReads: number;
  subscribe(after: number, topics?: string[], sink?: MemorySink): MemorySink;
}

/** A hub with `count` events of the topic a, of which memory has the last ones only. */
async function createRecorded(count: number, maxRecentEvents = 1): Promise<Recorded> {
  const log = createMemoryEventLog({ epoch: 'e1', maxEvents: 100_000 });
  for (let sequence = 1; sequence <= count; sequence += 1) await log.append('a', { type: 'message', data: '1' });
  let active = 0;
  const recorded: Recorded = {
    log,
    reads: [],
    mostReads: 0,
    hub: createHub({
      log: {
        ...log,
        async read(request) {
          recorded.reads.push(request);
          active += 1;
          recorded.mostReads = Math.max(recorded.mostReads, active);
          const page = await log.read(request);
          await settle(1);
          active -= 1;
          return page;
        },
      },
      maxRecentEvents,
    }),
    subscribe(after, topics = ['a'], sink = createMemorySink()) {
      recorded.hub.subscribe({ topics, lastEventId: `e1-${after}`, sink });
      return sink;
    },
  };
  await recorded.hub.ready();
  return recorded;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

async function settleUntil(isTrue: () => boolean): Promise<void> {
  for (let round = 0; round < 1_000 && !isTrue(); round += 1) await settle(1);
}

describe('a replay', () => {
  it('reads a page once, and writes one buffer, for all sessions at the same position', async () => {
    const recorded = await createRecorded(1_000);
    const sinks = range(1, 100).map(() => recorded.subscribe(0));
    await settleUntil(() => recorded.hub.liveCount === 100);
    for (const sink of sinks) expect(sink.sequences()).toEqual(range(1, 1_000));
    expect(recorded.reads.length).toBeLessThanOrEqual(5);
    expect(new Set(sinks.map(({ buffers }) => buffers[0])).size).toBe(1);
  });

  it('comes to the same pages from different positions, and reads those once', async () => {
    const recorded = await createRecorded(2_000);
    const positions = range(1, 100).map((index) => index * 2);
    const sinks = positions.map((position) => recorded.subscribe(position));
    await settleUntil(() => recorded.hub.liveCount === 100);
    for (const [index, sink] of sinks.entries())
      expect(sink.sequences()).toEqual(range((positions[index] ?? 0) + 1, 2_000));
    // One of its own for each, and the seven that follow for all.
    expect(recorded.reads.length).toBeLessThanOrEqual(108);
    // The last page, and the position after it.
    for (const at of [-1, -2]) expect(new Set(sinks.map(({ buffers }) => buffers.at(at))).size).toBe(1);
  });

  it('shares what memory has as well', async () => {
    const recorded = await createRecorded(0, 1_024);
    await Promise.all(range(1, 1_000).map((data) => recorded.hub.publish('a', { data })));
    await settle();
    const sinks = range(1, 50).map((index) => recorded.subscribe(index));
    await settleUntil(() => recorded.hub.liveCount === 50);
    for (const [index, sink] of sinks.entries()) expect(sink.sequences()).toEqual(range(index + 2, 1_000));
    expect(recorded.reads).toEqual([]);
    // The last page, and the position after it.
    for (const at of [-1, -2]) expect(new Set(sinks.map(({ buffers }) => buffers.at(at))).size).toBe(1);
  });

  it('of several topics is shared whatever their order', async () => {
    const recorded = await createRecorded(100);
    await recorded.log.append('b', { type: 'message', data: '2' });
    const sinks = [recorded.subscribe(50, ['a', 'b']), recorded.subscribe(50, ['b', 'a', 'b'])];
    await settleUntil(() => recorded.hub.liveCount === 2);
    expect(sinks.map((sink) => sink.sequences())).toEqual([range(51, 101), range(51, 101)]);
    expect(sinks[0]?.buffers[0]).toBe(sinks[1]?.buffers[0]);
  });

  it('never reads more than a few pages at a time, and leaves the event loop between', async () => {
    const recorded = await createRecorded(300);
    for (let position = 0; position < 200; position += 1) recorded.subscribe(position);
    await settle(1);
    expect(recorded.reads.length).toBeLessThanOrEqual(8);
    await settleUntil(() => recorded.hub.liveCount === 200);
    expect(recorded.mostReads).toBeLessThanOrEqual(4);
  });

  it('writes to a limited number of sessions in a turn of the event loop', async () => {
    const recorded = await createRecorded(0, 1_024);
    await Promise.all(range(1, 10).map((data) => recorded.hub.publish('a', { data })));
    await settle();
    const sinks = range(1, 1_000).map(() => recorded.subscribe(5));
    const writtenPerTurn: number[] = [];
    let before = 0;
    while (recorded.hub.liveCount < 1_000) {
      await settle(1);
      const written = sinks.filter((sink) => sink.writeCount() > 0).length;
      writtenPerTurn.push(written - before);
      before = written;
    }
    expect(Math.max(...writtenPerTurn)).toBeLessThanOrEqual(128);
    expect(before).toBe(1_000);
  });

  it('goes on from a page that was read before the log grew', async () => {
    const recorded = await createRecorded(10);
    let drain = (): void => undefined;
    const slow = createMemorySink(() => new Promise((resolve) => (drain = resolve)));
    recorded.subscribe(0, ['a'], slow);
    await settle();
    for (const data of range(11, 20)) await recorded.hub.publish('a', { data });
    // The page after 0 is kept, as the slow one still replays; it ends at 10.
    const late = recorded.subscribe(0);
    await settle();
    expect(late.sequences()).toEqual(range(1, 20));
    drain();
    await settle();
    drain();
    await settle();
    expect(slow.sequences()).toEqual(range(1, 20));
  });

  it('of a quiet topic ends, although its page has no event and the log goes on', async () => {
    const recorded = await createRecorded(10);
    let drain = (): void => undefined;
    // Keeps the pages.
    recorded.subscribe(
      0,
      ['a'],
      createMemorySink(() => new Promise((resolve) => (drain = resolve))),
    );
    await settle();
    const quiet = [recorded.subscribe(5, ['quiet'])];
    await settle();
    await recorded.hub.publish('a', { data: 1 });
    await recorded.hub.publish('quiet', { data: 2 });
    quiet.push(recorded.subscribe(5, ['quiet']), recorded.subscribe(10, ['quiet']));
    await settleUntil(() => recorded.hub.liveCount === 3);
    expect(quiet.map((sink) => sink.sequences())).toEqual([[12], [12], [12]]);
    drain();
  });

  it('does not send the gap of one session to a later one that has no gap', async () => {
    const recorded = await createRecorded(5);
    let drain = (): void => undefined;
    recorded.subscribe(
      0,
      ['a'],
      createMemorySink(() => new Promise((resolve) => (drain = resolve))),
    );
    const ahead = recorded.subscribe(7);
    await settle();
    expect(ahead.events()[0]?.type).toBe('gap');
    for (const data of range(6, 9)) await recorded.hub.publish('a', { data });
    const resumed = recorded.subscribe(7);
    await settle();
    expect(resumed.sequences()).toEqual([8, 9]);
    drain();
  });

  it('drops its pages when the last replay has ended', async () => {
    const recorded = await createRecorded(300);
    recorded.subscribe(0);
    await settleUntil(() => recorded.hub.liveCount === 1);
    const { length } = recorded.reads;
    recorded.subscribe(0);
    await settleUntil(() => recorded.hub.liveCount === 2);
    expect(recorded.reads.length).toBe(2 * length);
  });

  it('keeps no more pages than its limit of bytes, and the newest ones', async () => {
    const log = createMemoryEventLog({ epoch: 'e1' });
    for (const data of ['1', '2', '3']) await log.append('a', { type: 'message', data: data.repeat(100) });
    const read = vi.fn((request: LogReadRequest) => log.read(request));
    const schedule = (task: () => void) => void setImmediate(task);
    const fanOut = createFanOut({ schedule, maxRecentEvents: 1, maxRecentBytes: 1_000, maxBatchBytes: 1_000 });
    fanOut.start({ epoch: 'e1', sequence: 3 });
    const limits = { maxPageEvents: 1, maxPageBytes: 1_000, maxCachedBytes: 230 };
    const replay = createReplay({ log: { ...log, read }, fanOut, schedule, ...limits });
    const sequences: number[] = [];
    for (const after of [0, 1, 2, 2, 1, 0]) {
      const { events } = await replay.fromLog(['a'], `e1-${after}`);
      sequences.push(...events.map(({ event }) => event.sequence));
    }
    expect(sequences).toEqual([1, 2, 3, 3, 2, 1]);
    // The first page is gone when it is asked for again; the two others are there.
    expect(read).toHaveBeenCalledTimes(4);
  });

  it('that a sink’s end interrupts leaves nothing behind', async () => {
    const recorded = await createRecorded(600);
    const sink = recorded.subscribe(0);
    await settle(2);
    sink.leave();
    await settle(20);
    expect(recorded.hub.liveCount).toBe(0);
    expect(sink.sequences().length).toBeLessThan(600);
    const other = recorded.subscribe(599);
    await settle();
    expect(other.sequences()).toEqual([600]);
  });
});

describe('a session without room for live events (PROTOCOL 6.4)', () => {
  it('gets them from the log once it has drained, in order and without duplicates', async () => {
    const recorded = await createRecorded(0, 4);
    let drain = (): void => undefined;
    const sink = createMemorySink(() => new Promise((resolve) => (drain = resolve)));
    const fast = createMemorySink();
    for (const each of [sink, fast]) recorded.hub.subscribe({ topics: ['a'], sink: each });
    await recorded.hub.publish('a', { data: 1 });
    await settle();
    sink.isFull = true;
    for (const data of range(2, 50)) {
      await recorded.hub.publish('a', { data });
      await settle(1);
    }
    expect([sink.sequences(), fast.sequences()]).toEqual([[1], range(1, 50)]);
    expect(recorded.hub.liveCount).toBe(1);
    sink.isFull = false;
    drain();
    await settle(20);
    drain();
    await settle(20);
    expect(sink.sequences()).toEqual(range(1, 50));
    expect(recorded.hub.liveCount).toBe(2);
    await recorded.hub.publish('a', { data: 51 });
    await settle();
    expect(sink.sequences()).toEqual(range(1, 51));
  });

  it('does not delay other sessions', async () => {
    const recorded = await createRecorded(0);
    const full = createMemorySink(() => new Promise(() => undefined));
    full.isFull = true;
    const fast = createMemorySink();
    for (const sink of [full, fast]) recorded.hub.subscribe({ topics: ['a'], sink });
    await recorded.hub.publish('a', { data: 1 });
    await settle();
    expect(fast.sequences()).toEqual([1]);
    full.leave();
    expect(recorded.hub.liveCount).toBe(1);
  });
});

describe('the events of a hub', () => {
  it('are not lost that the log delivers before its tail has begun', async () => {
    const log = createMemoryEventLog({ epoch: 'e1' });
    const hub = createHub({
      log: {
        ...log,
        async tail(listener) {
          const tail = await log.tail(listener);
          await log.append('a', { type: 'message', data: '1' });
          await log.append('a', { type: 'message', data: '2' });
          return tail;
        },
      },
    });
    await hub.ready();
    expect(formatEventId(hub.position)).toBe('e1-2');
    const sink = createMemorySink();
    hub.subscribe({ topics: ['a'], lastEventId: 'e1-0', sink });
    await settle();
    expect(sink.sequences()).toEqual([1, 2]);
  });

  it('come once, although the tail delivers some of them twice', async () => {
    const log = createMemoryEventLog({ epoch: 'e1' });
    const hub = createHub({
      log: {
        ...log,
        tail: (listener) =>
          log.tail({
            onReset: (place) => listener.onReset(place),
            onEvents(events) {
              listener.onEvents(events);
              listener.onEvents(events);
            },
          }),
      },
    });
    await hub.ready();
    const sink = createMemorySink();
    hub.subscribe({ topics: ['a'], sink });
    for (const data of [1, 2, 3]) await hub.publish('a', { data });
    await settle();
    expect(sink.sequences()).toEqual([1, 2, 3]);
  });

  it('are waited for by a session whose log is ahead of the node’s tail', async () => {
    const log = createMemoryEventLog({ epoch: 'e1' });
    let deliver: (() => void)[] = [];
    const hub = createHub({
      log: {
        ...log,
        tail: (listener) =>
          log.tail({
            onReset: (place) => listener.onReset(place),
            onEvents: (events) => deliver.push(() => listener.onEvents(events)),
          }),
      },
    });
    await hub.ready();
    const sink = createMemorySink();
    for (const data of [1, 2, 3]) await hub.publish('a', { data });
    // The client was with another node, which is further on.
    hub.subscribe({ topics: ['a'], lastEventId: 'e1-2', sink });
    await settle();
    expect([sink.sequences(), hub.liveCount]).toEqual([[3], 0]);
    const gone = createMemorySink();
    hub.subscribe({ topics: ['a'], lastEventId: 'e1-2', sink: gone });
    await settle();
    gone.leave();
    for (const next of deliver) next();
    deliver = [];
    await settle();
    expect([sink.sequences(), hub.liveCount]).toEqual([[3], 1]);
  });

  it('are waited for without reading the log again and again', async () => {
    const log = createMemoryEventLog({ epoch: 'e1' });
    const read = vi.fn((request: LogReadRequest) => log.read(request));
    let deliver = (): void => undefined;
    const hub = createHub({
      log: {
        ...log,
        read,
        tail: (listener) =>
          log.tail({ ...listener, onEvents: (events) => (deliver = () => listener.onEvents(events)) }),
      },
    });
    await hub.ready();
    await hub.publish('a', { data: 1 });
    const sink = createMemorySink();
    hub.subscribe({ topics: ['a'], lastEventId: 'e1-0', sink });
    hub.subscribe({ topics: ['a'], lastEventId: 'other-0', sink: createMemorySink() });
    await settle(50);
    expect(read.mock.calls.length).toBeLessThanOrEqual(3);
    deliver();
    await settle();
    expect(hub.liveCount).toBe(2);
    expect(sink.sequences()).toEqual([1]);
  });

  it('include the last one before complete, although the node’s tail is behind its log', async () => {
    const log = createMemoryEventLog({ epoch: 'e1' });
    const held: (() => void)[] = [];
    let isHeld = false;
    const hub = createHub({
      log: {
        ...log,
        tail: (listener) =>
          log.tail({
            ...listener,
            onEvents(events) {
              if (isHeld) held.push(() => listener.onEvents(events));
              else listener.onEvents(events);
            },
          }),
      },
    });
    await hub.ready();
    await hub.publish('a', { data: 1 });
    isHeld = true;
    await hub.publish('a', { data: 2 });
    const sink = createMemorySink();
    const snapshot = () => Promise.resolve({ after: 'e1-2', event: { type: 'state', data: '2' } });
    hub.subscribe({ topics: ['a'], lastEventId: 'e1-1', sink, snapshot, completeAfter: ({ data }) => data === '2' });
    await settle();
    expect([sink.writeCount(), sink.ended]).toEqual([0, undefined]);
    for (const next of held) next();
    await settle();
    expect(sink.events().map(({ id, type }) => type ?? id)).toEqual(['e1-2', 'complete']);
  });

  it('are not written if there are none', async () => {
    const hub = createHub({ log: createMemoryEventLog({ epoch: 'e1' }) });
    await hub.ready();
    for (const data of [1, 2, 3]) await hub.publish('a', { data });
    const sink = createMemorySink();
    hub.subscribe({ topics: ['quiet'], lastEventId: 'e1-1', sink });
    await settle();
    // Its position (PROTOCOL 5.6), and nothing else.
    expect([sink.events(), hub.liveCount]).toEqual([[{ id: 'e1-3' }], 1]);
  });

  it('are not gathered for topics without subscribers', async () => {
    const schedule = vi.fn((task: () => void) => void setImmediate(task));
    const hub = createHub({ log: createMemoryEventLog({ epoch: 'e1' }), schedule });
    await hub.ready();
    const sinks = [createMemorySink(), createMemorySink()];
    for (const sink of sinks) hub.subscribe({ topics: ['a', 'b'], sink });
    await hub.publish('a', { data: 1 });
    await settle();
    expect(schedule).toHaveBeenCalledTimes(1);
    sinks[0]?.leave();
    await hub.publish('b', { data: 2 });
    await settle();
    expect(schedule).toHaveBeenCalledTimes(2);
    sinks[1]?.leave();
    for (const topic of ['a', 'b']) await hub.publish(topic, { data: 3 });
    await settle();
    expect(schedule).toHaveBeenCalledTimes(2);
    expect(sinks.map((sink) => sink.sequences())).toEqual([[1], [1, 2]]);
  });

  it('of a completeAfter that throws end that session alone', async () => {
    const hub = createHub({ log: createMemoryEventLog({ epoch: 'e1' }) });
    await hub.ready();
    const [faulty, other] = [createMemorySink(), createMemorySink()];
    const error = new Error('not JSON');
    const snapshot = () => Promise.resolve({ after: 'e1-0', event: { type: 'state', data: '0' } });
    const completeAfter = ({ data }: { data: string }): boolean => {
      if (data === '0') return false;
      throw error;
    };
    hub.subscribe({ topics: ['a'], sink: faulty, snapshot, completeAfter });
    hub.subscribe({ topics: ['a'], sink: other });
    await settle();
    await hub.publish('a', { data: 1 });
    await settle();
    expect(faulty.ended).toEqual({ reason: 'failed', cause: error });
    expect(other.sequences()).toEqual([1]);
  });
});
