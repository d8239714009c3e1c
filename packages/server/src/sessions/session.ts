import type { Identity } from '../auth/index.ts';
import type { Clock, LazyAbort } from '../core/index.ts';
import { encodeEvent, heartbeat } from '../events/index.ts';
import type { SessionTransport, TransportWatcher } from '../http/index.ts';
import type { SubscriptionSink } from '../hub/index.ts';
import type { Deadline } from './deadlines.ts';

/**
 * Why a session ended: the client disconnected; its token expired (PROTOCOL 6.1); it reached the server's `maxSessionMs` (6.1); it took
 * none of its bytes, or the log moved on past it (6.4); its access was revoked (6.5); a stream came to its end (6.2) or to an error
 * (6.3); the server shuts down.
 */
export type SessionCloseReason =
  | 'client-left'
  | 'token-expired'
  | 'session-expired'
  | 'slow-consumer'
  | 'revoked'
  | 'completed'
  | 'failed'
  | 'server-closing';

/** What all sessions of an endpoint share. */
export interface SessionHost {
  readonly clock: Clock;
  /** How many bytes may wait for a client before it gets no more live events. */
  readonly maxUnsentBytes: number;
  /** Must not throw. */
  onClosed(session: Session, reason: SessionCloseReason, cause: unknown): void;
}

export interface SessionOptions {
  readonly host: SessionHost;
  readonly transport: SessionTransport;
  readonly identity: Identity;
  /** `undefined` for a finite stream; empty for a connection that carries others (PROTOCOL 10). */
  readonly topics: readonly string[] | undefined;
  /** Tells the application that the client has left. The session aborts it when it ends. */
  readonly cancellation: LazyAbort;
  /** When the token ends, by the time of day. `Infinity` if it does not. */
  readonly tokenEndMs: number;
  /** How long the session may last by the server's own maximum. `Infinity` if there is none. */
  readonly maxDurationMs: number;
}

/** How long the client has to take its last bytes after the end. A client that has stalled never would. */
const lingerMs = 10_000;

/**
 * One connected response. None of its methods throws. It is a class with its own fields, rather than a set of closures, because a
 * server holds tens of thousands of them.
 */
export class Session implements SubscriptionSink, TransportWatcher, Deadline {
  readonly identity: Identity;
  readonly topics: readonly string[] | undefined;
  readonly deadlineMs: number;
  deadlineIndex = -1;
  readonly #host: SessionHost;
  readonly #transport: SessionTransport;
  readonly #cancellation: LazyAbort;
  readonly #tokenEndMs: number;
  readonly #deadlineReason: SessionCloseReason;
  #state: 'open' | 'lingering' | 'closed' = 'open';
  #isFull = false;
  #lastWriteMs: number;
  #lastProgressMs: number;
  #writtenBytes = 0;
  #takenBytes = 0;
  #wakeDrained: (() => void)[] | undefined;
  #onEnded: (() => void) | undefined;
  #stopLinger: (() => void) | undefined;

  constructor(options: SessionOptions) {
    const { host, transport, identity, topics, cancellation, tokenEndMs, maxDurationMs } = options;
    const nowMs = host.clock.monotonic();
    this.#host = host;
    this.#transport = transport;
    this.identity = identity;
    this.topics = topics;
    this.#cancellation = cancellation;
    this.#tokenEndMs = tokenEndMs;
    const tokenLeftMs = tokenEndMs - host.clock.now();
    this.deadlineMs = nowMs + Math.min(tokenLeftMs, maxDurationMs);
    this.#deadlineReason = tokenLeftMs <= maxDurationMs ? 'token-expired' : 'session-expired';
    this.#lastWriteMs = nowMs;
    this.#lastProgressMs = nowMs;
    transport.watch(this);
  }

  get isEnded(): boolean {
    return this.#state !== 'open';
  }

  /** Aborts when the session ends. */
  get signal(): AbortSignal {
    return this.#cancellation.signal;
  }

  /** Bytes that were written and that the client has not taken. */
  get unsentBytes(): number {
    return this.#transport.unsentBytes;
  }

  whenEnded(listener: () => void): void {
    if (this.isEnded) listener();
    else this.#onEnded = listener;
  }

  hasRoom(): boolean {
    return this.#transport.unsentBytes <= this.#host.maxUnsentBytes;
  }

  /** Sends the head of the response, and its first bytes. */
  start(status: number, headers: Readonly<Record<string, string>>, body: Uint8Array): void {
    this.#writtenBytes += body.byteLength;
    this.#transport.start(status, headers, body);
  }

  write(bytes: Uint8Array): void {
    if (this.isEnded) return;
    this.#lastWriteMs = this.#host.clock.monotonic();
    this.#writtenBytes += bytes.byteLength;
    this.#isFull = !this.#transport.write(bytes);
  }

  drained(): Promise<void> {
    if (this.isEnded || !this.#isFull) return Promise.resolve();
    return new Promise((resolve) => (this.#wakeDrained ??= []).push(resolve));
  }

  end(reason: 'completed' | 'slow-consumer' | 'failed', cause?: unknown): void {
    this.close(reason, cause);
  }

  close(reason: SessionCloseReason, cause?: unknown): void {
    if (this.isEnded) return;
    this.#state = 'closed';
    if (reason === 'client-left') this.#transport.watch(undefined);
    else if (reason === 'slow-consumer') {
      this.#transport.watch(undefined);
      this.#transport.destroy();
    } else this.#endGently();
    this.#cancellation.abort();
    this.#settleDrained();
    this.#onEnded?.();
    this.#onEnded = undefined;
    this.#host.onClosed(this, reason, cause);
  }

  /**
   * Asks the client to continue on another connection within that time (PROTOCOL 9.3). A finite stream is not: its client may follow another
   * protocol, and fail on the event.
   */
  rotate(withinMs: number): void {
    if (this.topics === undefined || this.#transport.isCarried === true) return;
    this.write(encodeEvent({ type: 'rotate', data: JSON.stringify({ withinMs }) }));
  }

  /** Ends the session because the server shuts down; its client reconnects after `retryMs` at the earliest (PROTOCOL 9.7). */
  dismiss(retryMs: number): void {
    if (this.#transport.isCarried !== true) this.write(encodeEvent({ retry: retryMs }));
    this.close('server-closing');
  }

  /**
   * Called now and then: sends a heartbeat if one is due, and ends the session if its client takes nothing, or if its token has ended by
   * the time of day (which was set forth, or went on while the machine slept).
   *
   * @param heartbeatMs `undefined` sends no heartbeats.
   */
  check(heartbeatMs: number | undefined, stallMs: number): void {
    if (this.isEnded) return;
    const { clock } = this.#host;
    if (clock.now() >= this.#tokenEndMs) {
      this.close('token-expired');
      return;
    }
    const nowMs = clock.monotonic();
    const { unsentBytes } = this.#transport;
    const takenBytes = this.#writtenBytes - unsentBytes;
    if (unsentBytes === 0 || takenBytes > this.#takenBytes) this.#lastProgressMs = nowMs;
    this.#takenBytes = takenBytes;
    if (nowMs - this.#lastProgressMs >= stallMs) this.close('slow-consumer');
    // Bytes that are on their way say as much as a heartbeat would.
    else if (this.#transport.isCarried === true) return;
    else if (heartbeatMs !== undefined && unsentBytes === 0 && nowMs - this.#lastWriteMs >= heartbeatMs) {
      this.write(heartbeat);
    }
  }

  onDeadline(): void {
    this.close(this.#deadlineReason);
  }

  onClose(): void {
    if (this.#state === 'lingering') this.#stopLingering();
    else this.close('client-left');
  }

  onDrain(): void {
    this.#isFull = false;
    this.#settleDrained();
  }

  #endGently(): void {
    this.#state = 'lingering';
    this.#transport.end();
    if (this.#transport.isClosed) {
      this.#stopLingering();
      return;
    }
    this.#stopLinger = this.#host.clock.setTimer(() => {
      this.#stopLingering();
      this.#transport.destroy();
    }, lingerMs);
  }

  #stopLingering(): void {
    this.#state = 'closed';
    this.#transport.watch(undefined);
    this.#stopLinger?.();
    this.#stopLinger = undefined;
  }

  #settleDrained(): void {
    const waiting = this.#wakeDrained;
    this.#wakeDrained = undefined;
    for (const wake of waiting ?? []) wake();
  }
}
