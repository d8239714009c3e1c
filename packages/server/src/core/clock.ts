/** What this package knows of time, in one place, so that tests wait for nothing. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `callback` once, `delayMs` from now at the earliest. The answer cancels it, and may be called at any time. */
  setTimer(callback: () => void, delayMs: number): () => void;
}

/** The longest delay of `setTimeout`: a longer one overflows 32 bits and fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** Calls `callback` at `atMs`, however far that is: a delay past {@link MAX_TIMER_MS} is waited for in pieces. */
export function setDeadline(clock: Clock, atMs: number, callback: () => void): () => void {
  let cancel: () => void;
  const arm = (): void => {
    const remainingMs = atMs - clock.now();
    cancel = clock.setTimer(
      () => {
        if (clock.now() >= atMs) callback();
        else arm();
      },
      Math.min(Math.max(remainingMs, 0), MAX_TIMER_MS),
    );
  };
  arm();
  return () => cancel();
}
