import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSimulatedFeed } from './simulated-feed.ts';

describe('the simulated prices', () => {
  afterEach(() => vi.useRealTimers());

  /** The first price of all, and those after it, of an API that runs for some steps. */
  function watch(memory: Map<string, number>, steps: number): { first: number; prices: number[] } {
    vi.useFakeTimers();
    const seen = { first: 0, prices: [] as number[] };
    const stop = createSimulatedFeed({ intervalMs: 1_000, memory }).watch('MSFT', (price, first) => {
      seen.prices.push(price);
      seen.first = first;
    });
    vi.advanceTimersByTime(steps * 1_000);
    stop();
    return seen;
  }

  it('are the same for the same seed', () => {
    expect(watch(new Map(), 20)).toEqual(watch(new Map(), 20));
  });

  it('continue where they were, and measure their change from the same first price', () => {
    const memory = new Map<string, number>();
    const before = watch(memory, 20);
    const after = watch(memory, 1);
    expect(after.prices[0]).toBe(before.prices.at(-1));
    expect(after.prices[0]).not.toBe(before.first);
    expect(after.first).toBe(before.first);
  });
});
