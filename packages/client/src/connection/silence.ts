import { maxTimerMs, type StreamRuntime } from '../options/index.ts';

/** The limits of a connection's silence, in ms; `Infinity` for none. */
export interface SilenceLimits {
  /** Without any bytes. */
  readonly heartbeatMs: number;
  /** Without an event. */
  readonly idleMs: number;
}

/** Watches one connection for silence. */
export interface Silence {
  /** Bytes arrived. */
  bytes(): void;
  /** The bytes that arrived last held an event. */
  event(): void;
  /** Nothing is read while a subscriber works: that is not the server's silence. */
  pause(): void;
  resume(): void;
  stop(): void;
}

/**
 * Watches a connection with one timer. The clock is read once per chunk and never per event; a timer that fires after something arrived
 * only starts again.
 *
 * @returns `undefined` if there is no limit, so that a stream without one does not pay for it.
 */
export function watchSilence(
  limits: SilenceLimits,
  runtime: Pick<StreamRuntime, 'monotonicNow' | 'setTimer'>,
  onSilent: (limit: 'heartbeat-timeout' | 'idle-timeout', ms: number) => void,
): Silence | undefined {
  const { heartbeatMs, idleMs } = limits;
  if (heartbeatMs === Infinity && idleMs === Infinity) return undefined;
  let bytesAt = runtime.monotonicNow();
  let eventAt = bytesAt;
  let state: 'reading' | 'paused' | 'stopped' = 'reading';
  let cancel: () => void = () => undefined;

  const remaining = (now: number): number => Math.min(bytesAt + heartbeatMs, eventAt + idleMs) - now;
  const arm = (now: number): void => {
    cancel();
    cancel = runtime.setTimer(check, Math.min(Math.max(remaining(now), 0), maxTimerMs));
  };
  const check = (): void => {
    if (state !== 'reading') return;
    const now = runtime.monotonicNow();
    // The same sums as in `remaining`: a difference may round the other way, and the timer would start again without a wait.
    if (now >= bytesAt + heartbeatMs) onSilent('heartbeat-timeout', heartbeatMs);
    else if (now >= eventAt + idleMs) onSilent('idle-timeout', idleMs);
    else arm(now);
  };
  arm(bytesAt);

  return {
    bytes: () => (bytesAt = runtime.monotonicNow()),
    event: () => (eventAt = bytesAt),
    pause: () => {
      if (state === 'reading') state = 'paused';
    },
    resume: () => {
      if (state !== 'paused') return;
      state = 'reading';
      bytesAt = eventAt = runtime.monotonicNow();
      arm(bytesAt);
    },
    stop: () => {
      state = 'stopped';
      cancel();
    },
  };
}
