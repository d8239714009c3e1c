import type { Clock } from './clock.ts';

export interface FakeClock extends Clock {
  /** How many timers are armed. */
  readonly timerCount: number;
  /** Fires what falls due, in order. */
  advance(byMs: number): void;
}

export function createFakeClock(nowMs = 1_800_000_000_000): FakeClock {
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  return {
    now: () => nowMs,
    setTimer(callback, delayMs) {
      if (delayMs > 2 ** 31 - 1) throw new Error('setTimeout would overflow');
      const timer = { atMs: nowMs + delayMs, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    get timerCount() {
      return timers.size;
    },
    advance(byMs) {
      const untilMs = nowMs + byMs;
      for (;;) {
        const [next] = [...timers].sort((left, right) => left.atMs - right.atMs);
        if (next === undefined || next.atMs > untilMs) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.callback();
      }
      nowMs = untilMs;
    },
  };
}
