import { describe, expect, it, vi } from 'vitest';
import type { EventLog, LogTailListener } from '../events/event-log.ts';
import { createHub } from './hub.ts';
import type { Hub } from './hub.ts';
import { createMemoryEventLog } from '../logs/memory-event-log.ts';
import { createMemorySink } from './memory-sink.fixture.ts';
import type { MemorySink } from './memory-sink.fixture.ts';
import { slowDown } from '../logs/slow-log.fixture.ts';
import { createRandom, settle } from '../core/tick.fixture.ts';

async function createReadyHub(options: Partial<Parameters<typeof createHub>[0]> = {}): Promise<Hub> {
  const hub = createHub({ log: createMemoryEventLog({ epoch: 'e1' }), ...options });
  await hub.ready();
  return hub;
}

function subscribe(hub: Hub, topics: string[], lastEventId?: string, sink = createMemorySink()): MemorySink {
  hub.subscribe({ topics, lastEventId, sink });
  return sink;
}

describe('publishing', () => {
  it('resolves with the ID once the log has the event', async () => {
    const log = createMemoryEventLog({ epoch: 'e1' });
    const hub = await createReadyHub({ log });
    expect(await hub.publish('a', { data: { n: 1 } })).toBe('e1-1');
    const page = await log.read({ after: 'e1-0', topics: ['a'], maxEvents: 1, maxBytes: 1 });
    expect(page.events[0]).toMatchObject({ type: 'message', data: '{"n":1}' });
  });

  it('stores the events of a key together and once, and delivers them once', async () => {
    const hub = await createReadyHub();
    const sink = subscribe(hub, ['a', 'b']);
    const events = [
      { topic: 'a', data: 1 },
      { topic: 'b', type: 'raw', text: 'x' },
    ];
    expect(await hub.publishOnce('job 42', events)).toEqual({ ids: ['e1-1', 'e1-2'], isRepeat: false });
    expect(await hub.publishOnce('job 42', events)).toEqual({ ids: ['e1-1', 'e1-2'], isRepeat: true });
    await settle();
    expect(sink.events().slice(1)).toEqual([
      { id: 'e1-1', data: '1' },
      { id: 'e1-2', type: 'raw', data: 'x' },
    ]);
    await expect(hub.publishOnce('job 42', [{ topic: 'a', data: 2 }])).rejects.toMatchObject({ code: 'key-reused' });
  });

  it('stores nothing of a batch that has an invalid event, or an invalid key', async () => {
    const log = createMemoryEventLog({ epoch: 'e1' });
    const hub = await createReadyHub({ log });
    const good = { topic: 'a', data: 1 };
    for (const bad of [
      { topic: 'a', type: 'gap', data: 1 },
      { topic: '', data: 1 },
      { topic: 'a', data: 1n },
    ]) {
      await expect(hub.publishOnce('k', [good, bad])).rejects.toMatchObject({ name: 'EventRefusedError' });
    }
    for (const key of ['', ' k', 'a\nb', 'é', 'x'.repeat(201)]) {
      await expect(hub.publishOnce(key, [good])).rejects.toMatchObject({ code: 'invalid-key' });
    }
    expect((await log.position()).sequence).toBe(0);
    expect(await hub.publishOnce('k', [good])).toMatchObject({ isRepeat: false });
  });

  it('says so where the log cannot store a batch once', async () => {
    const log: EventLog = { ...createMemoryEventLog() };
    delete log.appendOnce;
    const hub = await createReadyHub({ log });
    await expect(hub.publishOnce('k', [])).rejects.toMatchObject({ code: 'invalid-configuration' });
  });

  it('sends data as JSON, a string too, and text as it is', async () => {
    const hub = await createReadyHub();
    const sink = subscribe(hub, ['a']);
    await hub.publish('a', { data: 'two\nlines' });
    await hub.publish('a', { type: 'raw', text: 'two\nlines', retry: 100 });
    await hub.publish('a', { data: null });
    await settle();
    expect(sink.events().slice(1)).toEqual([
      { id: 'e1-1', data: '"two\\nlines"' },
      { id: 'e1-2', type: 'raw', data: 'two\nlines', retry: '100' },
      { id: 'e1-3', data: 'null' },
    ]);
  });

  it.each(['complete', 'gap', 'failure'])('refuses the reserved type %s (PROTOCOL 4.5)', async (type) => {
    const hub = await createReadyHub();
    await expect(hub.publish('a', { type, data: 1 })).rejects.toMatchObject({ code: 'reserved-type' });
  });

  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  it.each([
    ['unserialisable-data', { data: undefined }],
    ['unserialisable-data', { data: () => 1 }],
    ['unserialisable-data', { data: 1n }],
    ['unserialisable-data', { data: cycle }],
    ['invalid-type', { type: 'a\nb', data: 1 }],
    ['invalid-type', { type: '', data: 1 }],
    ['invalid-retry', { retry: -1, data: 1 }],
    ['event-too-large', { data: 'é'.repeat(60) }],
  ])('refuses with %s, and stores nothing', async (code, event) => {
    const hub = await createReadyHub({ maxEventBytes: 100 });
    await expect(hub.publish('a', event)).rejects.toMatchObject({ name: 'EventRefusedError', code });
    expect(await hub.publish('a', { data: 1 })).toBe('e1-1');
  });

  it.each(['', 'a\nb', 'a\0b', 'x'.repeat(257), '\u2028', undefined as unknown as string])(
    'refuses the topic %j',
    async (topic) => {
      const hub = await createReadyHub();
      await expect(hub.publish(topic, { data: 1 })).rejects.toMatchObject({ code: 'invalid-topic' });
    },
  );

  it('is refused after the hub was closed', async () => {
    const hub = await createReadyHub();
    await hub.close();
    await expect(hub.publish('a', { data: 1 })).rejects.toMatchObject({ code: 'hub-closed' });
    await expect(hub.ready()).rejects.toMatchObject({ code: 'hub-closed' });
  });
});

describe('subscribing', () => {
  it('without an ID starts with the current position and no event (PROTOCOL 2.3, 4.3)', async () => {
    const hub = await createReadyHub();
    await hub.publish('a', { data: 'before' });
    const sink = subscribe(hub, ['a']);
    expect(sink.events()).toEqual([{ id: 'e1-1' }]);
    await hub.publish('a', { data: 'after' });
    await settle();
    expect(sink.sequences()).toEqual([2]);
  });

  it('replays what came after the last event ID, says where that ends, and then sends live events (PROTOCOL 5.1, 5.6)', async () => {
    const hub = await createReadyHub();
    for (let count = 0; count < 5; count += 1) await hub.publish(count % 2 === 0 ? 'a' : 'b', { data: count });
    const sink = subscribe(hub, ['a'], 'e1-1');
    await settle();
    await hub.publish('a', { data: 'live' });
    await settle();
    expect(sink.events()).toEqual([
      { id: 'e1-3', data: '2' },
      { id: 'e1-5', data: '4' },
      { id: 'e1-5' },
      { id: 'e1-6', data: '"live"' },
    ]);
  });

  it.each([
    ['unknown', 'nonsense'],
    ['unknown', 'e1-99'],
    ['epoch', 'e0-1'],
  ])('begins with a gap where the place is none of this log: %s, %s (PROTOCOL 5.3)', async (reason, after) => {
    const hub = await createReadyHub();
    await hub.publish('a', { data: 1 });
    const sink = subscribe(hub, ['a'], after);
    await settle();
    expect(sink.events()).toEqual([
      { id: 'e1-0', type: 'gap', data: JSON.stringify({ reason, after }) },
      { id: 'e1-1', data: '1' },
      { id: 'e1-1' },
    ]);
  });

  it('begins with a gap where the log has let events go (PROTOCOL 5.3)', async () => {
    const hub = await createReadyHub({ log: createMemoryEventLog({ epoch: 'e1', maxEvents: 2 }), maxRecentEvents: 1 });
    for (let count = 0; count < 5; count += 1) await hub.publish('a', { data: count });
    const sink = subscribe(hub, ['a'], 'e1-1');
    await settle();
    expect(sink.events()).toMatchObject([
      { id: 'e1-3', type: 'gap', data: '{"reason":"trimmed","after":"e1-1"}' },
      { id: 'e1-4' },
      { id: 'e1-5' },
      { id: 'e1-5' },
    ]);
  });

  it('gives a subscriber of several topics their events in the order of the sequence (PROTOCOL 4.6)', async () => {
    const hub = await createReadyHub();
    const both = subscribe(hub, ['b', 'a']);
    const one = subscribe(hub, ['a']);
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => hub.publish(index % 3 === 0 ? 'b' : 'a', { data: index })),
    );
    await settle();
    expect(both.sequences()).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(one.sequences()).toEqual(both.sequences().filter((sequence) => (sequence - 1) % 3 !== 0));
  });

  it('writes the events of a tick once to each, and the same buffer to all of one set of topics', async () => {
    const hub = await createReadyHub();
    const sinks = [subscribe(hub, ['a', 'b']), subscribe(hub, ['b', 'a', 'a'])];
    await Promise.all([hub.publish('a', { data: 1 }), hub.publish('b', { data: 2 }), hub.publish('a', { data: 3 })]);
    await settle();
    expect(sinks.map((sink) => sink.writeCount())).toEqual([2, 2]);
    expect(sinks[0]?.buffers[1]).toBe(sinks[1]?.buffers[1]);
  });

  it('sends no duplicates to a subscriber that joins in the middle of a tick', async () => {
    const hub = await createReadyHub({ schedule: (task) => setImmediate(task) });
    const early = subscribe(hub, ['a']);
    await hub.publish('a', { data: 1 });
    const late = subscribe(hub, ['a']);
    const resumed = subscribe(hub, ['a'], 'e1-0');
    await hub.publish('a', { data: 2 });
    await settle();
    expect([early.sequences(), late.sequences(), resumed.sequences()]).toEqual([[1, 2], [2], [1, 2]]);
  });

  it('sends a burst at the pace of each subscriber, and keeps it only in the log', async () => {
    const hub = await createReadyHub({ maxRecentEvents: 8 });
    const drained = vi.fn(() => settle(1));
    const sink = subscribe(hub, ['a'], undefined, createMemorySink(drained));
    await Promise.all(Array.from({ length: 1_000 }, () => hub.publish('a', { data: 'x'.repeat(1_000) })));
    await settle(50);
    expect(sink.sequences()).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
    expect(drained.mock.calls.length).toBeGreaterThan(3);
    expect(Math.max(...sink.buffers.map((bytes) => bytes.byteLength))).toBeLessThan(300_000);
    expect(hub.liveCount).toBe(1);
  });

  it('ends a subscriber that falls behind what the log holds, so that it reconnects and gets the gap (PROTOCOL 5.4)', async () => {
    const hub = await createReadyHub({ log: createMemoryEventLog({ epoch: 'e1', maxEvents: 4 }), maxRecentEvents: 1 });
    for (let count = 0; count < 4; count += 1) await hub.publish('a', { data: 'x'.repeat(200_000) });
    let takeOn = (): void => undefined;
    const sink = subscribe(
      hub,
      ['a'],
      'e1-0',
      createMemorySink(() => new Promise((resolve) => (takeOn = resolve))),
    );
    await settle();
    for (let count = 0; count < 8; count += 1) await hub.publish('a', { data: count });
    takeOn();
    await settle();
    expect(sink.ended?.reason).toBe('slow-consumer');
  });

  it('ends when the subscriber leaves, before or after it is live', async () => {
    const hub = await createReadyHub();
    const sink = subscribe(hub, ['a']);
    const gone = createMemorySink();
    gone.leave();
    subscribe(hub, ['a'], undefined, gone);
    expect(hub.liveCount).toBe(1);
    sink.leave();
    expect(hub.liveCount).toBe(0);
    await hub.publish('a', { data: 1 });
    await settle();
    expect([sink.sequences(), gone.sequences()]).toEqual([[], []]);
  });

  it('ends the subscriber with the cause if the log cannot be read', async () => {
    const log: EventLog = { ...createMemoryEventLog({ epoch: 'e1' }), read: () => Promise.reject(new Error('down')) };
    const sink = subscribe(await createReadyHub({ log }), ['a'], 'e0-1');
    await settle();
    expect(sink.ended).toMatchObject({ reason: 'failed', cause: { message: 'down' } });
  });

  it('tries again to follow a log that was down', async () => {
    const working = createMemoryEventLog({ epoch: 'e1' });
    const tail = vi.fn((listener: LogTailListener) => working.tail(listener)).mockRejectedValueOnce(new Error('down'));
    const hub = createHub({ log: { ...working, tail } });
    await expect(hub.ready()).rejects.toThrow('down');
    await expect(hub.ready()).resolves.toBeUndefined();
  });
});

describe('the tail of the log', () => {
  async function createBrokenTail() {
    const log = createMemoryEventLog({ epoch: 'e1' });
    let listener: Parameters<EventLog['tail']>[0] | undefined;
    const skipped = new Set<number>();
    const hub = await createReadyHub({
      log: {
        ...log,
        tail(given) {
          listener = given;
          return log.tail({
            ...given,
            onEvents: (events) => given.onEvents(events.filter(({ sequence }) => !skipped.has(sequence))),
          });
        },
      },
    });
    return { hub, skipped, reset: (epoch: string, sequence: number) => listener?.onReset({ epoch, sequence }) };
  }

  it('may skip events: subscribers read them from the log, and miss nothing', async () => {
    const { hub, skipped } = await createBrokenTail();
    const sinks = [subscribe(hub, ['a']), subscribe(hub, ['a', 'b'])];
    skipped.add(2).add(3);
    for (let count = 0; count < 5; count += 1) await hub.publish('a', { data: count });
    await settle();
    expect(sinks.map((sink) => sink.sequences())).toEqual([
      [1, 2, 3, 4, 5],
      [1, 2, 3, 4, 5],
    ]);
  });

  it('may begin another history: subscribers are ended, and get the gap when they reconnect', async () => {
    const { hub, reset } = await createBrokenTail();
    const sink = subscribe(hub, ['a']);
    reset('e2', 0);
    await settle();
    expect(sink.ended?.reason).toBe('failed');
    expect(hub.liveCount).toBe(0);
  });
});

describe('from replay to live', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('loses and repeats nothing under load, with a slow log: seed %i', async (seed) => {
    const random = createRandom(seed);
    const log = slowDown(createMemoryEventLog({ epoch: 'e1' }), random);
    const hub = await createReadyHub({ log, maxRecentEvents: 16 });
    const names = ['a', 'b', 'c'];
    const published: { id: string; topic: string }[] = [];
    const subscribers: { sink: MemorySink; topics: string[]; after: number }[] = [];
    const publishMany = async (): Promise<void> => {
      for (let count = 0; count < 150; count += 1) {
        const topic = names[Math.floor(random() * 3)] ?? 'a';
        published.push({ topic, id: await hub.publish(topic, { data: count }) });
      }
    };
    const joinMany = async (): Promise<void> => {
      for (let count = 0; count < 30; count += 1) {
        await settle(Math.floor(random() * 10));
        const topics = names.filter(() => random() < 0.6);
        if (topics.length === 0) continue;
        const drain = random() < 0.5 ? undefined : () => settle(Math.floor(random() * 5));
        const { sequence } = await log.position();
        const isNew = random() < 0.3;
        const after = isNew ? hub.position.sequence : Math.floor(random() * (sequence + 1));
        const sink = subscribe(hub, topics, isNew ? undefined : `e1-${after}`, createMemorySink(drain));
        subscribers.push({ sink, topics, after });
      }
    };
    await Promise.all([publishMany(), publishMany(), publishMany(), joinMany()]);
    const isQuiet = (): boolean => hub.position.sequence === 450 && hub.liveCount === subscribers.length;
    for (let round = 0; round < 200 && !isQuiet(); round += 1) await settle();
    await settle();
    const inOrder = published
      .map(({ id, topic }) => ({ topic, sequence: Number(id.slice(3)) }))
      .sort((a, b) => a.sequence - b.sequence);
    expect(inOrder).toHaveLength(450);
    for (const { sink, topics, after } of subscribers) {
      const expected = inOrder.filter(({ topic, sequence }) => topics.includes(topic) && sequence > after);
      expect(sink.sequences()).toEqual(expected.map(({ sequence }) => sequence));
      expect(sink.ended).toBeUndefined();
    }
    expect(hub.liveCount).toBe(subscribers.length);
  });
});

describe('the options of a hub', () => {
  it.each(['maxEventBytes', 'maxRecentEvents', 'maxRecentBytes'])('refuse 0 as %s', (option) => {
    expect(() => createHub({ log: createMemoryEventLog(), [option]: 0 })).toThrow(option);
  });

  it('limit the data of an event in UTF-8 bytes, exactly', async () => {
    const hub = await createReadyHub({ maxEventBytes: 10 });
    await expect(hub.publish('a', { text: 'x'.repeat(10) })).resolves.toBe('e1-1');
    await expect(hub.publish('a', { text: 'é'.repeat(5) })).resolves.toBe('e1-2');
    await expect(hub.publish('a', { text: '🎈🎈x' })).resolves.toBe('e1-3');
    await expect(hub.publish('a', { text: 'x'.repeat(11) })).rejects.toMatchObject({ code: 'event-too-large' });
    await expect(hub.publish('a', { text: 'é'.repeat(6) })).rejects.toThrow(/has 12 bytes; the limit is 10/);
  });

  it.each([
    ['invalid-data', { text: 'a\ud800' }],
    ['invalid-data', { text: 7 as unknown as string }],
    ['invalid-type', { type: '\udc00', data: 1 }],
    ['invalid-type', { type: 'x'.repeat(257), data: 1 }],
    ['invalid-type', { type: 7 as unknown as string, data: 1 }],
    ['unserialisable-data', { data: Symbol('x') }],
  ])('do not change what is refused: %s', async (code, event) => {
    const hub = await createReadyHub();
    await expect(hub.publish('a', event)).rejects.toMatchObject({ code });
    expect(hub.position.sequence).toBe(0);
  });

  it('do not change how a lone surrogate in data is sent: JSON escapes it', async () => {
    const hub = await createReadyHub();
    const sink = subscribe(hub, ['a']);
    await hub.publish('a', { type: 'x'.repeat(256), data: '\ud800' });
    await settle();
    expect(sink.events()[1]?.data).toBe('"\\ud800"');
  });

  it('name the topics that a subscriber may have', async () => {
    const hub = await createReadyHub();
    const sink = createMemorySink();
    expect(() => hub.subscribe({ topics: ['a', 'b\n'], sink })).toThrow(
      expect.objectContaining({ code: 'invalid-topic' }) as Error,
    );
    await hub.close();
    expect(() => hub.subscribe({ topics: ['a'], sink })).toThrow(
      expect.objectContaining({ code: 'hub-closed' }) as Error,
    );
    expect(sink.writeCount()).toBe(0);
  });

  it('do not matter after close(): the log is no longer followed', async () => {
    const log = createMemoryEventLog({ epoch: 'e1' });
    const hub = await createReadyHub({ log });
    await log.append('a', { type: 'message', data: '1' });
    expect(hub.position.sequence).toBe(1);
    await hub.close();
    await log.append('a', { type: 'message', data: '2' });
    expect(hub.position.sequence).toBe(1);
    await expect(createHub({ log }).close()).resolves.toBeUndefined();
  });
});
