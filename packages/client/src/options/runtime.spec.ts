import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultRuntime, maxTimerMs } from './runtime.ts';

describe('the runtime of the platform', () => {
  const now = Date.parse('2026-11-26T12:00:00Z');

  beforeEach(() => {
    vi.useFakeTimers({ now });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it('has the clocks of the platform, and random numbers', () => {
    const { now: wallNow, monotonicNow, random } = defaultRuntime();
    const before = monotonicNow();
    vi.advanceTimersByTime(1_500);
    expect(wallNow()).toBe(now + 1_500);
    expect(monotonicNow() - before).toBeCloseTo(1_500);
    const numbers = Array.from({ length: 20 }, random);
    expect(new Set(numbers).size).toBeGreaterThan(1);
    for (const number of numbers) expect(number >= 0 && number < 1).toBe(true);
  });

  it('calls back after a time, and not after it was cancelled', () => {
    const { setTimer } = defaultRuntime();
    const calls: string[] = [];
    setTimer(() => calls.push('first'), 1_000);
    const cancel = setTimer(() => calls.push('second'), 1_000);
    cancel();
    vi.advanceTimersByTime(999);
    expect(calls).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(calls).toEqual(['first']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has timers as long as a signed number of 32 bits allows', () => {
    expect(maxTimerMs).toBe(0x7f_ff_ff_ff);
  });

  it('reports an error by reportError of the platform', () => {
    const reported: unknown[] = [];
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
    const broken = new Error('in my own code');
    defaultRuntime().reportError(broken);
    expect(reported).toEqual([broken]);
  });

  it('throws the error from a microtask if the platform has no reportError', () => {
    const tasks: (() => void)[] = [];
    vi.stubGlobal('reportError', undefined);
    vi.stubGlobal('queueMicrotask', (task: () => void) => tasks.push(task));
    const broken = new Error('in my own code');
    defaultRuntime().reportError(broken);
    expect(tasks).toHaveLength(1);
    expect(tasks[0]).toThrow(broken);
  });
});
