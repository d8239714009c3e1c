import { describe, expect, it } from 'vitest';
import { createRandom } from '../core/tick.fixture.ts';
import { createRecentEvent, createRecentEvents } from './recent-events.ts';

const eventOf = (sequence: number, data = 'x') => ({
  id: `e1-${sequence}`,
  sequence,
  topic: 'a',
  type: 'message',
  data,
});

function setUp(maxEvents: number, maxBytes = 1_000_000) {
  const recent = createRecentEvents({ maxEvents, maxBytes });
  return { recent, after: (sequence: number) => [...recent.after(sequence)].map(({ event }) => event.sequence) };
}

describe('recent events', () => {
  it('are the last ones, up to the limit of events', () => {
    const { recent, after } = setUp(3);
    for (const sequence of [1, 2, 3]) recent.push(eventOf(sequence));
    expect([after(0), recent.covers(0), recent.covers(3), recent.covers(4)]).toEqual([[1, 2, 3], true, true, false]);
    recent.push(eventOf(4));
    expect([after(0), after(2), recent.covers(0), recent.covers(1)]).toEqual([[2, 3, 4], [3, 4], false, true]);
  });

  it('are the last ones, up to the limit of bytes', () => {
    const { recent, after } = setUp(100, 10);
    for (const sequence of [1, 2, 3]) recent.push(eventOf(sequence, 'xxxxx'));
    expect([after(0), recent.covers(1), recent.covers(0)]).toEqual([[2, 3], true, false]);
    recent.push(eventOf(4, 'x'.repeat(11)));
    expect([after(0), recent.covers(3), recent.covers(4)]).toEqual([[], false, true]);
    recent.push(eventOf(5, 'xx'));
    expect([after(0), recent.covers(4)]).toEqual([[5], true]);
  });

  it('agree with a list of everything, whatever is pushed', () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const random = createRandom(seed);
      const { recent, after } = setUp(7, 40);
      const all: { sequence: number; length: number }[] = [];
      for (let sequence = 1; sequence <= 200; sequence += 1) {
        const length = Math.floor(random() ** 2 * 20);
        all.push({ sequence, length });
        recent.push(eventOf(sequence, 'x'.repeat(length)));
        let held = all.slice(-7);
        while (held.reduce((total, each) => total + each.length, 0) > 40) held = held.slice(1);
        expect(after(0)).toEqual(held.map((each) => each.sequence));
        expect(recent.covers(sequence - held.length)).toBe(true);
        expect(recent.covers(sequence - held.length - 1)).toBe(false);
      }
    }
  });

  it('start over after a reset, at the sequence that follows', () => {
    const { recent, after } = setUp(3, 10);
    recent.push(eventOf(1, 'x'.repeat(9)));
    recent.reset(7);
    expect([after(0), recent.covers(6), recent.covers(7), recent.covers(8)]).toEqual([[], false, true, false]);
    recent.push(eventOf(8, 'x'.repeat(9)));
    expect([after(0), after(7), recent.covers(7)]).toEqual([[8], [8], true]);
  });

  it('are encoded once, and not before somebody needs it', () => {
    const event = createRecentEvent(eventOf(1));
    expect(event.bytes()).toBe(event.bytes());
    expect(() => createRecentEvent({ ...eventOf(1), type: 'a\nb' })).not.toThrow();
  });
});
