import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHub } from '../hub/hub.ts';
import { createMemorySink } from '../hub/memory-sink.fixture.ts';
import type { EventLog, LoggedEvent } from '../events/event-log.ts';

export interface RemoteLogContractOptions {
  /** Creates a node of the log with that name. */
  readonly createNode: (name: string, options: { maxEvents: number; epoch: string }) => EventLog;
  /** Cuts the connections of all nodes, which may connect again. */
  readonly cutConnections: () => Promise<void>;
}

export const entry = (data: string) => ({ type: 'message', data });

export const range = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

/** Follows a log, and waits for what arrives. */
export async function follow(log: EventLog) {
  const seen: LoggedEvent[] = [];
  const resets: string[] = [];
  await log.tail({
    onEvents: (events) => seen.push(...events),
    onReset: ({ epoch, sequence }) => resets.push(`${epoch}-${sequence}`),
  });
  return { seen, resets, data: () => seen.map(({ data }) => data), until };
}

export async function until(isTrue: () => boolean): Promise<void> {
  await vi.waitFor(
    () => {
      if (!isTrue()) throw new Error('It is not true yet.');
    },
    { timeout: 10_000, interval: 5 },
  );
}

let names = 0;

/** What every log must do that several processes share: registers the suite with vitest. */
export function registerRemoteLogContract(
  title: string,
  { createNode, cutConnections }: RemoteLogContractOptions,
): void {
  describe(`${title}: the contract of logs that nodes share`, () => {
    let nodes: EventLog[];
    beforeEach(() => {
      const name = `shared${(names += 1)}`;
      nodes = [1, 2, 3].map(() => createNode(name, { maxEvents: 1_000, epoch: 'e1' }));
    });
    afterEach(async () => {
      await Promise.all(nodes.map((node) => node.close()));
    });
    const append = async (at: number, data: string) => {
      const node = nodes[at % nodes.length];
      if (node === undefined) throw new RangeError();
      return node.append('a', entry(data));
    };

    it('gives every node each event once, in one dense order, although all of them publish', async () => {
      const followers = await Promise.all(nodes.map(follow));
      const published = await Promise.all(range(1, 300).map((data, index) => append(index, data)));
      for (const { seen } of followers) {
        await until(() => seen.length === 300);
        expect(seen).toEqual(followers[0]?.seen);
        expect(seen.map(({ sequence }) => sequence)).toEqual(range(1, 300).map(Number));
      }
      const bySequence = published.toSorted((left, right) => left.sequence - right.sequence);
      expect(bySequence).toEqual(followers[0]?.seen);
      // Each publisher's own order.
      for (const owner of [0, 1, 2]) {
        const own = published.filter((_, index) => index % 3 === owner).map(({ sequence }) => sequence);
        expect(own).toEqual(own.toSorted((left, right) => left - right));
      }
      for (const node of nodes) expect(await node.position()).toEqual({ epoch: 'e1', sequence: 300 });
    });

    it('stores the events of a key once, on whichever nodes it is published', async () => {
      const followers = await Promise.all(nodes.map(follow));
      const batch = {
        key: 'k',
        fingerprint: 'f',
        events: ['1', '2'].map((data) => ({ topic: 'a', entry: entry(data) })),
      };
      const outcomes = await Promise.all([...nodes, ...nodes].map(async (node) => node.appendOnce?.(batch)));
      expect(new Set(outcomes.map((outcome) => outcome?.ids.join(' ')))).toEqual(new Set(['e1-1 e1-2']));
      await append(0, 'last');
      for (const { data } of followers) {
        await until(() => data().includes('last'));
        expect(data()).toEqual(['1', '2', 'last']);
      }
    });

    it('takes a position from any node at any other', async () => {
      const [first, second] = [await append(0, '1'), await append(1, '2')];
      const page = await nodes[2]?.read({ after: first.id, topics: ['a'], maxEvents: 10, maxBytes: 1e6 });
      expect([page?.gap, page?.events]).toEqual([undefined, [second]]);
    });

    it('begins a late tail with new events', async () => {
      await append(0, '1');
      const seen: string[] = [];
      const tail = await nodes[2]?.tail({
        onEvents: (events) => seen.push(...events.map(({ id }) => id)),
        onReset: () => undefined,
      });
      expect(tail?.from.sequence).toBe(1);
      await append(0, '2');
      await until(() => seen.length > 0);
      expect(seen).toEqual(['e1-2']);
    });

    it('removes old events for all nodes', async () => {
      const name = `shared${(names += 1)}`;
      const small = [1, 2].map(() => createNode(name, { maxEvents: 5, epoch: 'e1' }));
      nodes.push(...small);
      for (const data of range(1, 12)) await small[Number(data) % 2]?.append('a', entry(data));
      for (const node of small) {
        const { gap, events } = await node.read({ after: 'e1-1', topics: ['a'], maxEvents: 10, maxBytes: 1e6 });
        // No fewer than the last five, and a few more where the log removes some at a time.
        const after = gap?.place.sequence ?? 0;
        expect([gap?.reason, events[0]?.sequence, after > 1 && after <= 7]).toEqual(['trimmed', after + 1, true]);
      }
    });

    it('loses and repeats nothing when connections are cut', { timeout: 30_000 }, async () => {
      const followers = await Promise.all(nodes.map(follow));
      for (const data of range(1, 60)) {
        if (Number(data) % 10 === 0) await cutConnections();
        // An append whose connection is cut may reject, and its event be stored all the same: the application tries again.
        await append(Number(data), data).catch(() => append(Number(data), data));
      }
      const last = await append(0, 'last');
      for (const { seen, resets } of followers) {
        await until(() => seen.at(-1)?.data === 'last');
        expect(resets).toEqual([]);
        expect(seen.map(({ sequence }) => sequence)).toEqual(range(1, last.sequence).map(Number));
        expect(new Set(seen.map(({ data }) => data)).size).toBe(61);
        expect(seen).toEqual(followers[0]?.seen);
      }
    });

    it('is up to date while it hears from the others, and says for how long it has not', async () => {
      const tails = await Promise.all(
        nodes.map((node) => node.tail({ onEvents: () => undefined, onReset: () => undefined })),
      );
      for (const tail of tails) expect(tail.silenceMs?.()).toBeLessThan(5_000);
    });

    it('serves the streams of a hub on every node', async () => {
      const hubs = nodes.map((log) => createHub({ log }));
      await Promise.all(hubs.map((hub) => hub.ready()));
      const first = await hubs[0]?.publish('a', { data: 1 });
      const sinks = hubs.map((hub) => {
        const sink = createMemorySink();
        hub.subscribe({ topics: ['a'], lastEventId: first, sink });
        return sink;
      });
      for (const [index, hub] of hubs.entries()) await hub.publish('a', { data: index });
      for (const sink of sinks) {
        await until(() => sink.sequences().length === 3);
        expect(sink.sequences()).toEqual([2, 3, 4]);
      }
      await Promise.all(hubs.map((hub) => hub.close()));
    });
  });
}
