import type { Identity } from '../auth/index.ts';
import { setDeadline } from '../core/index.ts';
import type { Clock } from '../core/index.ts';
import { HEARTBEAT } from '../events/index.ts';
import type { SessionTransport } from '../http/index.ts';
import type { SubscriptionSink } from '../hub/index.ts';

/**
 * Why a session ended: the client went away; its token expired (PROTOCOL 6.1); it took its bytes too slowly (6.4); its access was
 * withdrawn (6.5); a stream came to its end (6.2) or to an error (6.3); the server stops.
 */
export type SessionCloseReason =
  'client-left' | 'token-expired' | 'slow-consumer' | 'revoked' | 'completed' | 'failed' | 'server-closing';

export interface SessionOptions {
  readonly transport: SessionTransport;
  readonly clock: Clock;
  readonly identity: Identity;
  /** Whose signal tells the application that the client has left. The session aborts it when it ends. */
  readonly controller: AbortController;
  /** When the session ends at the latest, in milliseconds since the Unix epoch. */
  readonly deadlineMs: number;
  readonly maxUnsentBytes: number;
  readonly onClosed: (reason: SessionCloseReason, cause: unknown) => void;
}

/** One connected response. Nothing of it throws or rejects. */
export interface Session extends SubscriptionSink {
  readonly identity: Identity;
  close(reason: SessionCloseReason, cause?: unknown): void;
  /** Called now and then, to send a heartbeat where one is due, and to notice a client that takes nothing. */
  check(heartbeatMs: number | null, stallMs: number): void;
}

/** How long the client has to take its last bytes after the end. A client that has stalled never would. */
const LINGER_MS = 10_000;

export function createSession(options: SessionOptions): Session {
  const { transport, clock, identity, controller, deadlineMs, maxUnsentBytes, onClosed } = options;
  const { signal } = controller;
  let isClosed = false;
  let lastWriteMs = clock.now();
  let isFull = false;
  let wakeDrained: (() => void)[] = [];
  let leastUnsentBytes = 0;
  let lastProgressMs = lastWriteMs;

  const stopClose = transport.onClose(() => close('client-left'));
  const stopDrain = transport.onDrain(() => {
    isFull = false;
    settleDrained();
  });
  const stopDeadline = setDeadline(clock, deadlineMs, () => close('token-expired'));

  function settleDrained(): void {
    const waiting = wakeDrained;
    wakeDrained = [];
    for (const wake of waiting) wake();
  }

  function close(reason: SessionCloseReason, cause?: unknown): void {
    if (isClosed) return;
    isClosed = true;
    stopClose();
    stopDrain();
    stopDeadline();
    if (reason === 'slow-consumer') transport.destroy();
    else if (reason !== 'client-left') endGently();
    controller.abort();
    settleDrained();
    onClosed(reason, cause);
  }

  function endGently(): void {
    transport.end();
    if (transport.isClosed) return;
    const stopLinger = clock.setTimer(() => {
      stopWatching();
      transport.destroy();
    }, LINGER_MS);
    const stopWatching = transport.onClose(stopLinger);
  }

  /** Measured before a write and not after: one large event to a client that takes everything is no slowness. */
  function isTooSlow(): boolean {
    if (transport.unsentBytes <= maxUnsentBytes) return false;
    close('slow-consumer');
    return true;
  }

  function write(bytes: Uint8Array): void {
    if (isClosed || isTooSlow()) return;
    lastWriteMs = clock.now();
    isFull = !transport.write(bytes);
  }

  return {
    identity,
    signal,
    write,
    close,
    end: close,
    drained() {
      if (isClosed || !isFull) return Promise.resolve();
      return new Promise((resolve) => wakeDrained.push(resolve));
    },
    check(heartbeatMs, stallMs) {
      if (isClosed || isTooSlow()) return;
      const nowMs = clock.now();
      const { unsentBytes } = transport;
      if (unsentBytes === 0 || unsentBytes < leastUnsentBytes) lastProgressMs = nowMs;
      leastUnsentBytes = unsentBytes;
      if (nowMs - lastProgressMs >= stallMs) close('slow-consumer');
      else if (heartbeatMs !== null && nowMs - lastWriteMs >= heartbeatMs) write(HEARTBEAT);
    },
  };
}
