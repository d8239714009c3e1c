import { describe, expect, it } from 'vitest';
import { registerEventLogContract } from './event-log-contract.fixture.ts';
import { createFakeClock } from '../core/fake-clock.fixture.ts';
import { createRandom, settle } from '../core/tick.fixture.ts';
import { createMemoryEventLog } from './memory-event-log.ts';

registerEventLogContract('the memory log', { createLog: (options) => createMemoryEventLog(options), settle });

const entry = { type: 'message', data: 'x' };

describe('the memory log', () => {
  it('keeps to its bound of bytes, and to the newest event whatever its size', async () => {
    const log = createMemoryEventLog({ epoch: 'e1', maxBytes: 50_000 });
    for (let count = 0; count < 10; count += 1) await log.append('a', { type: 't', data: 'x'.repeat(10_000) });
    const page = await log.read({ after: 'e1-0', topics: ['a'], maxEvents: 100, maxBytes: 1e9 });
    expect(page.events.map(({ sequence }) => sequence)).toEqual([9, 10]);
    await log.append('a', { type: 't', data: 'x'.repeat(1_000_000) });
    expect((await log.read({ after: 'e1-10', topics: ['a'], maxEvents: 9, maxBytes: 1 })).events).toHaveLength(1);
  });

  it('forgets the key of a batch after 24 hours, and not before', async () => {
    const clock = createFakeClock();
    const log = createMemoryEventLog({ epoch: 'e1', clock });
    const batch = { key: 'k', fingerprint: 'f', events: [{ topic: 'a', entry }] };
    await log.appendOnce?.(batch);
    clock.advance(24 * 3_600_000 - 1);
    expect(await log.appendOnce?.(batch)).toEqual({ ids: ['e1-1'], isRepeat: true });
    clock.advance(1);
    expect(await log.appendOnce?.(batch)).toEqual({ ids: ['e1-2'], isRepeat: false });
  });

  it('tells a gap without need once it has forgotten the topic (PROTOCOL 5.4)', async () => {
    const log = createMemoryEventLog({ epoch: 'e1', maxEvents: 2, maxTrimmedTopics: 2 });
    for (const topic of ['a', 'b', 'c', 'd', 'e', 'e']) await log.append(topic, entry);
    const gapFor = async (after: string, topic: string) =>
      (await log.read({ after, topics: [topic], maxEvents: 9, maxBytes: 1e6 })).gap?.reason;
    // c and d are remembered; a and b are forgotten, the later of them at 2.
    expect(await gapFor('e1-3', 'c')).toBeUndefined();
    expect(await gapFor('e1-2', 'c')).toBe('trimmed');
    expect(await gapFor('e1-1', 'a')).toBe('trimmed');
    expect(await gapFor('e1-2', 'a')).toBeUndefined();
    // Also for a topic that has events again after it was forgotten.
    await log.append('a', entry);
    expect(await gapFor('e1-1', 'a')).toBe('trimmed');
  });

  it('agrees with a list of everything, whatever was trimmed and read', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = createRandom(seed);
      const log = createMemoryEventLog({ epoch: 'e1', maxEvents: 40, maxTrimmedTopics: 1_000 });
      const all: string[] = [];
      for (let count = 0; count < 300; count += 1) {
        const topic = `t${Math.floor(random() ** 3 * 8)}`;
        all.push(topic);
        await log.append(topic, entry);
        const topics = ['t0', 't1', 't3', 't7'].filter(() => random() < 0.5);
        const after = Math.floor(random() * (all.length + 1));
        const page = await log.read({ after: `e1-${after}`, topics, maxEvents: 1_000, maxBytes: 1e9 });
        const sequences = all.flatMap((name, index) => (topics.includes(name) && index >= after ? [index + 1] : []));
        const held = sequences.filter((sequence) => sequence > all.length - 40);
        expect(page.events.map(({ sequence }) => sequence)).toEqual(held);
        expect(page.gap?.reason).toBe(held.length < sequences.length ? 'trimmed' : undefined);
      }
    }
  });

  it('names each history differently, so that a restart is a new epoch (PROTOCOL 1.3)', async () => {
    const [first, second] = await Promise.all([createMemoryEventLog().position(), createMemoryEventLog().position()]);
    expect(first.epoch).toMatch(/^[0-9a-z]{12}$/);
    expect(first.epoch).not.toBe(second.epoch);
  });

  it('refuses bounds and epochs that it cannot keep', () => {
    expect(() => createMemoryEventLog({ maxEvents: 0 })).toThrow(/maxEvents/);
    expect(() => createMemoryEventLog({ epoch: 'A-1' })).toThrow(/epoch/);
  });
});
