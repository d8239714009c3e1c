/** All that this package knows of time, so that tests need not wait. */
export interface Clock {
  /** The time of day in milliseconds since the Unix epoch. It may step back or forth: use it for what a token says, not for durations. */
  now(): number;
  /** Milliseconds since some fixed moment. It never steps: all durations are measured with it. */
  monotonic(): number;
  /** Calls `callback` once, `delayMs` from now at the earliest. Returns a function that cancels it, at any time. */
  setTimer(callback: () => void, delayMs: number): () => void;
}

/** The longest delay of `setTimeout`: a longer one overflows 32 bits and fires at once. */
export const maxTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), maxTimerMs));
    return () => clearTimeout(timer);
  },
};
