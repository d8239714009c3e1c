import type { Clock } from './clock.ts';

export interface FakeClock extends Clock {
  /** How many timers are armed. */
  readonly timerCount: number;
  /** Lets time pass, and fires what falls due, in order. */
  advance(byMs: number): void;
  /** Sets the time of day back or forth, as an administrator or NTP does. No time passes. */
  step(byMs: number): void;
}

export function createFakeClock(startMs = 1_800_000_000_000): FakeClock {
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  let elapsedMs = 5_000;
  let offsetMs = startMs - elapsedMs;
  return {
    now: () => offsetMs + elapsedMs,
    monotonic: () => elapsedMs,
    setTimer(callback, delayMs) {
      if (delayMs > 2 ** 31 - 1) throw new Error('setTimeout would overflow');
      const timer = { atMs: elapsedMs + delayMs, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    get timerCount() {
      return timers.size;
    },
    advance(byMs) {
      const untilMs = elapsedMs + byMs;
      for (;;) {
        const [next] = [...timers].sort((left, right) => left.atMs - right.atMs);
        if (next === undefined || next.atMs > untilMs) break;
        timers.delete(next);
        elapsedMs = Math.max(elapsedMs, next.atMs);
        next.callback();
      }
      elapsedMs = untilMs;
    },
    step(byMs) {
      offsetMs += byMs;
    },
  };
}
