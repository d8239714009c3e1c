import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../core/fake-clock.fixture.ts';
import { createRandom } from '../core/tick.fixture.ts';
import { createDeadlines } from './deadlines.ts';
import type { Deadline } from './deadlines.ts';

function setUp() {
  const clock = createFakeClock();
  const deadlines = createDeadlines(clock);
  const fired: { name: number; atMs: number }[] = [];
  const startMs = clock.monotonic();
  const create = (afterMs: number): Deadline => ({
    deadlineMs: startMs + afterMs,
    deadlineIndex: -1,
    onDeadline: () => fired.push({ name: afterMs, atMs: clock.monotonic() - startMs }),
  });
  return { clock, deadlines, fired, create };
}

describe('deadlines', () => {
  it('fire in order, each at its moment and once, whatever was added and removed', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = createRandom(seed);
      const { clock, deadlines, fired, create } = setUp();
      const kept: number[] = [];
      const entries = Array.from({ length: 200 }, () => create(Math.floor(random() * 1_000)));
      for (const entry of entries) deadlines.add(entry);
      for (const entry of entries) {
        if (random() < 0.5) deadlines.delete(entry);
        else kept.push(entry.deadlineMs);
      }
      clock.advance(2_000);
      expect(fired.map(({ name }) => name)).toEqual(kept.map((ms) => ms - 5_000).sort((left, right) => left - right));
      expect(fired.every(({ name, atMs }) => name === atMs)).toBe(true);
      expect(clock.timerCount).toBe(0);
    }
  });

  it('share one timer, and need none when there are no deadlines', () => {
    const { clock, deadlines, create } = setUp();
    const entries = [30, 10, 20].map(create);
    for (const entry of entries) deadlines.add(entry);
    expect(clock.timerCount).toBe(1);
    for (const entry of entries) deadlines.delete(entry);
    for (const entry of entries) deadlines.delete(entry);
    expect(clock.timerCount).toBe(0);
  });

  it('can be removed twice, and never again takes another one with it', () => {
    const { clock, deadlines, fired, create } = setUp();
    const [first, second] = [create(10), create(20)];
    for (const entry of [first, second]) deadlines.add(entry);
    deadlines.delete(first);
    deadlines.delete(first);
    deadlines.delete(create(5));
    clock.advance(100);
    expect(fired.map(({ name }) => name)).toEqual([20]);
    deadlines.delete(second);
    expect(clock.timerCount).toBe(0);
  });

  it('that never come need no timer', () => {
    const { clock, deadlines, create } = setUp();
    deadlines.add(create(Infinity));
    expect(clock.timerCount).toBe(0);
  });

  it('may be further away than a timer reaches, or never come', () => {
    const { clock, deadlines, fired, create } = setUp();
    deadlines.add(create(100 * 86_400_000));
    deadlines.add(create(Infinity));
    clock.advance(100 * 86_400_000 - 1);
    expect(fired).toEqual([]);
    clock.advance(1);
    expect(fired).toHaveLength(1);
    expect(clock.timerCount).toBe(0);
  });

  it('do not move when the time of day is set back or forth', () => {
    const { clock, deadlines, fired, create } = setUp();
    deadlines.add(create(1_000));
    clock.step(-3_600_000);
    clock.advance(1_000);
    expect(fired).toHaveLength(1);
  });

  it('can be added and removed by one that fires', () => {
    const { clock, deadlines, fired, create } = setUp();
    const [victim, late] = [create(20), create(30)];
    deadlines.add(victim);
    deadlines.add({
      ...create(10),
      onDeadline() {
        deadlines.delete(victim);
        deadlines.add(late);
      },
    });
    clock.advance(100);
    expect(fired.map(({ name }) => name)).toEqual([30]);
  });
});
