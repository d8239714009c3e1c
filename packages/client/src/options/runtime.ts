import { browserLifecycle, type PageLifecycle } from './page-lifecycle.ts';

/** Everything a stream takes from the world around it. Inject your own to test without waiting. */
export interface StreamRuntime {
  /** Ms since the epoch. */
  readonly now: () => number;
  /** At least 0 and less than 1. */
  readonly random: () => number;
  /** Calls back after `ms`; returns the way to cancel. */
  readonly setTimer: (callback: () => void, ms: number) => () => void;
  readonly lifecycle: PageLifecycle;
  /** Takes an error that a consumer's callback threw. It is the consumer's own, and never ends the stream. */
  readonly reportError: (error: unknown) => void;
}

/** The real world. */
export function defaultRuntime(): StreamRuntime {
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    setTimer: (callback, ms) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    lifecycle: browserLifecycle(),
    reportError: (error) => {
      if (typeof globalThis.reportError === 'function') globalThis.reportError(error);
      // Node has no reportError: rethrowing from a microtask makes it an uncaught error, as a throwing listener is there.
      else
        queueMicrotask(() => {
          throw error;
        });
    },
  };
}
