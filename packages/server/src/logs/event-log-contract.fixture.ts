import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventLog, LogBatch, LogPage } from '../events/event-log.ts';

export interface EventLogContractOptions {
  /** Creates an empty log of this epoch that holds about `maxEvents` (and no fewer than the last of them). */
  readonly createLog: (options: { maxEvents: number; epoch: string }) => EventLog | Promise<EventLog>;
  /** Resolves once the tails have had the time to deliver. */
  readonly settle: () => Promise<void>;
}

/** What every log must do: registers the suite with vitest. */
export function registerEventLogContract(name: string, { createLog, settle }: EventLogContractOptions): void {
  describe(`${name}: the contract of event logs`, () => {
    let log: EventLog;
    beforeEach(async () => {
      log = await createLog({ maxEvents: 5, epoch: 'e1' });
    });
    afterEach(async () => {
      await log.close();
    });

    const append = async (...topics: string[]): Promise<void> => {
      for (const topic of topics) await log.append(topic, { type: 'message', data: topic });
    };
    const read = (after: string, topics: string[], maxEvents = 100, maxBytes = 1e6): Promise<LogPage> =>
      log.read({ after, topics, maxEvents, maxBytes });
    const ids = (page: LogPage): string[] => page.events.map(({ id }) => id);

    it('numbers events densely over all topics, from 1 (PROTOCOL 1.2, 4.2)', async () => {
      const first = await log.append('a', { type: 'message', data: '1', retry: 10 });
      const second = await log.append('b', { type: 'other', data: '2' });
      expect(first).toEqual({ id: 'e1-1', sequence: 1, topic: 'a', type: 'message', data: '1', retry: 10 });
      expect(second).toMatchObject({ id: 'e1-2', sequence: 2, topic: 'b', type: 'other' });
      expect(await log.position()).toEqual({ epoch: 'e1', sequence: 2 });
    });

    it('keeps the order of appends that do not wait for each other', async () => {
      const events = await Promise.all(
        ['a', 'b', 'c', 'd'].map((topic) => log.append(topic, { type: 't', data: topic })),
      );
      expect(events.map(({ sequence, topic }) => `${sequence}${topic}`)).toEqual(['1a', '2b', '3c', '4d']);
    });

    const batch = (key: string, ...data: string[]): LogBatch => ({
      key,
      fingerprint: data.join('.'),
      events: data.map((text) => ({ topic: 'a', entry: { type: 'message', data: text } })),
    });

    it('stores the events of a key once, and answers a repeat with the same IDs', async () => {
      const seen: string[] = [];
      const tail = await log.tail({
        onEvents: (events) => seen.push(...events.map(({ id }) => id)),
        onReset: () => undefined,
      });
      await append('b');
      expect(await log.appendOnce?.(batch('k1', '1', '2'))).toEqual({ ids: ['e1-2', 'e1-3'], isRepeat: false });
      expect(await log.appendOnce?.(batch('k1', '1', '2'))).toEqual({ ids: ['e1-2', 'e1-3'], isRepeat: true });
      expect(await log.appendOnce?.(batch('k2', '3'))).toEqual({ ids: ['e1-4'], isRepeat: false });
      expect((await read('e1-0', ['a'])).events.map(({ data }) => data)).toEqual(['1', '2', '3']);
      await settle();
      expect(seen).toEqual(['e1-1', 'e1-2', 'e1-3', 'e1-4']);
      tail.stop();
    });

    it('stores the events of a key once when it is called several times at the same moment', async () => {
      const outcomes = await Promise.all(Array.from({ length: 5 }, async () => log.appendOnce?.(batch('k1', '1'))));
      expect(outcomes.map((outcome) => outcome?.ids)).toEqual(Array.from({ length: 5 }, () => ['e1-1']));
      expect(outcomes.filter((outcome) => outcome?.isRepeat === false)).toHaveLength(1);
      expect(await log.position()).toEqual({ epoch: 'e1', sequence: 1 });
    });

    it('refuses other events with a known key, and stores none of them', async () => {
      await log.appendOnce?.(batch('k1', '1'));
      await expect(log.appendOnce?.(batch('k1', '2'))).rejects.toMatchObject({ code: 'key-reused' });
      expect(await log.position()).toEqual({ epoch: 'e1', sequence: 1 });
    });

    it('keeps its limit for events that come in a batch', async () => {
      await log.appendOnce?.(batch('k1', ...Array.from({ length: 8 }, (_, index) => String(index))));
      // An engine may trim a little later.
      await vi.waitFor(async () => {
        const page = await read('e1-0', ['a']);
        expect(page.gap?.reason).toBe('trimmed');
        expect(page.events.at(-1)?.data).toBe('7');
      });
    });

    it('reads what comes after a place, of the topics that were asked for, in order (PROTOCOL 5.1)', async () => {
      await append('a', 'b', 'c', 'a');
      expect(await read('e1-1', ['c', 'a', 'a'])).toMatchObject({
        events: [{ topic: 'c' }, { topic: 'a' }],
        place: { sequence: 4 },
      });
      expect(ids(await read('e1-4', ['a']))).toEqual([]);
      expect(ids(await read('e1-0', ['nothing']))).toEqual([]);
    });

    it('cuts a page by its number of events, and goes on from its place', async () => {
      await append('a', 'b', 'a', 'b');
      const page = await read('e1-0', ['a', 'b'], 3);
      expect(ids(page)).toEqual(['e1-1', 'e1-2', 'e1-3']);
      expect(page.place).toEqual({ epoch: 'e1', sequence: 3 });
      expect(ids(await read('e1-3', ['a', 'b'], 3))).toEqual(['e1-4']);
    });

    it('cuts a page by its bytes, and gives one event however large it is', async () => {
      for (let count = 0; count < 3; count += 1) await log.append('a', { type: 't', data: 'x'.repeat(10_000) });
      const page = await read('e1-0', ['a'], 100, 1);
      expect(ids(page)).toEqual(['e1-1']);
      expect(page.place.sequence).toBe(1);
    });

    it('tells a gap where an event of the topic was trimmed, with the place before what it holds (PROTOCOL 5.3)', async () => {
      await append('a', 'a', 'a', 'a', 'a', 'a', 'a');
      const page = await read('e1-1', ['a']);
      expect(page.gap?.reason).toBe('trimmed');
      expect(page.gap?.place).toEqual({ epoch: 'e1', sequence: (page.events[0]?.sequence ?? 0) - 1 });
      expect(page.events.at(-1)?.sequence).toBe(7);
    });

    it('tells no second gap to who goes on from the place of the first', async () => {
      await append('a', 'b', 'a', 'b', 'a', 'b', 'a', 'b');
      const { gap } = await read('e1-1', ['a', 'b']);
      expect((await read(`e1-${gap?.place.sequence ?? -1}`, ['a', 'b'])).gap).toBeUndefined();
    });

    it('tells no gap to a reader of another topic than the trimmed one', async () => {
      await append('quiet', 'loud', 'loud', 'loud', 'loud', 'loud', 'loud', 'loud');
      expect((await read('e1-1', ['quiet'])).gap).toBeUndefined();
      expect((await read('e1-0', ['quiet'])).gap?.reason).toBe('trimmed');
      expect((await read('e1-1', ['quiet', 'loud'])).gap?.reason).toBe('trimmed');
    });

    it('tells a gap to a place of another epoch, and reads from the beginning (PROTOCOL 5.3)', async () => {
      await append('a', 'a');
      const page = await read('e0-1', ['a']);
      expect(page.gap).toEqual({ reason: 'epoch', place: { epoch: 'e1', sequence: 0 } });
      expect(ids(page)).toEqual(['e1-1', 'e1-2']);
    });

    it.each(['e1-3', 'nonsense', '', 'e1-01', '🎈'])(
      'tells a gap to a place that is none: %j (PROTOCOL 5.3)',
      async (after) => {
        await append('a', 'a');
        const page = await read(after, ['a']);
        expect(page.gap).toEqual({ reason: 'unknown', place: { epoch: 'e1', sequence: 0 } });
        expect(ids(page)).toEqual(['e1-1', 'e1-2']);
      },
    );

    it('delivers to a tail all that comes after its place, in order', async () => {
      await append('a');
      const seen: number[] = [];
      const tail = await log.tail({
        onEvents: (events) => seen.push(...events.map(({ sequence }) => sequence)),
        onReset: () => seen.push(-1),
      });
      // A tail of another process may begin a little earlier.
      const expected = [1, 2, 3, 4].filter((sequence) => sequence > tail.from.sequence);
      expect(expected.length).toBeGreaterThanOrEqual(3);
      await append('a', 'b', 'c');
      await settle();
      expect(seen).toEqual(expected);
      tail.stop();
      await append('a');
      await settle();
      expect(seen).toEqual(expected);
    });

    it('rejects everything after it was closed', async () => {
      await log.close();
      await expect(append('a')).rejects.toMatchObject({ code: 'log-closed' });
      await expect(read('e1-0', ['a'])).rejects.toMatchObject({ code: 'log-closed' });
      await expect(log.position()).rejects.toMatchObject({ code: 'log-closed' });
    });
  });
}
