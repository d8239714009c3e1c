import { browserLifecycle, type PageLifecycle } from './page-lifecycle.ts';

/** Everything that a stream takes from its environment. Inject your own to test without waiting. */
export interface StreamRuntime {
  /** Ms since the epoch, for the times in a stream's state. May jump when the clock is set. */
  readonly now: () => number;
  /** Ms since any fixed time. Never jumps; all durations are measured with it. */
  readonly monotonicNow: () => number;
  /** At least 0 and less than 1. */
  readonly random: () => number;
  /** Calls `callback` after `ms`, at most 2^31 - 1. Returns a function that cancels it. */
  readonly setTimer: (callback: () => void, ms: number) => () => void;
  readonly lifecycle: PageLifecycle;
  /** Receives an exception that a subscriber's callback threw. It never ends the stream. */
  readonly reportError: (error: unknown) => void;
}

/** The runtime of the platform. */
export function defaultRuntime(): StreamRuntime {
  return {
    now: () => Date.now(),
    monotonicNow: () => performance.now(),
    random: () => Math.random(),
    setTimer: (callback, ms) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    lifecycle: browserLifecycle(),
    reportError: (error) => {
      if (typeof globalThis.reportError === 'function') globalThis.reportError(error);
      // Node has no reportError: rethrowing from a microtask makes it an uncaught exception, as a throwing event listener does there.
      else
        queueMicrotask(() => {
          throw error;
        });
    },
  };
}

/** `setTimeout` takes a signed 32-bit number; a longer wait would fire at once. */
export const maxTimerMs = 2 ** 31 - 1;
