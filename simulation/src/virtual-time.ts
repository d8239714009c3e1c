/** Time that passes only when nothing is left to do. */
export interface VirtualTime {
  /** Never steps. */
  readonly nowMs: number;
  /** Timers that are armed. */
  readonly armed: number;
  setTimer(callback: () => void, ms: number): () => void;
  /** Lets time pass up to a moment, and everything that falls due happen, in order. */
  runUntil(atMs: number): Promise<void>;
}

/** More than this in one stretch of time is a loop. */
const maxSteps = 20_000;

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

export function createVirtualTime(): VirtualTime {
  const timers = new Set<Timer>();
  let nowMs = 0;
  let order = 0;

  /** Every promise that is ready runs; so do tasks that the server puts at the end of a turn. */
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };

  return {
    get nowMs() {
      return nowMs;
    },
    get armed() {
      return timers.size;
    },
    setTimer(callback, ms) {
      const timer = { at: nowMs + Math.max(ms, 0), order: (order += 1), callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async runUntil(atMs) {
      await settle();
      for (let steps = 0; ; steps += 1) {
        if (steps > maxSteps) throw new Error(`At ${nowMs} ms, something happens again and again without an end.`);
        let next: Timer | undefined;
        for (const timer of timers) {
          if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order))
            next = timer;
        }
        if (next === undefined || next.at > atMs) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.at);
        next.callback();
        await settle();
      }
      nowMs = atMs;
    },
  };
}
