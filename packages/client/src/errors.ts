import type { Challenge } from './headers/index.ts';
import type { Gap } from './event.ts';

/** The stable `code` of every error of this package. */
export type SseErrorCode =
  | 'connect-timeout'
  | 'connection-closed'
  | 'event-too-large'
  | 'gap'
  | 'heartbeat-timeout'
  | 'http-error'
  | 'idle-timeout'
  | 'interaction-required'
  | 'invalid-data'
  | 'invalid-event-id'
  | 'invalid-option'
  | 'network-error'
  | 'redirect-refused'
  | 'signed-out'
  | 'slow-consumer'
  | 'stream-failed'
  | 'token-unavailable'
  | 'unexpected-content-type';

/** The base of every error of this package. Branch on `code`, which is stable; messages are for humans and may change. */
export class SseError<C extends SseErrorCode = SseErrorCode> extends Error {
  readonly code: C;

  constructor(code: C, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/**
 * Returns true if `error` is an error of this package. It tests the `code`, not the class, so it also recognizes errors of a second copy
 * of the package and of another realm.
 *
 * @example
 * ```ts
 * stream.subscribe({ error: (error) => console.log(isSseError(error) ? error.code : 'not an error of the stream') });
 * ```
 */
export function isSseError(error: unknown): error is SseError {
  if (typeof error !== 'object' || error === null) return false;
  const { code, message } = error as Partial<SseError>;
  return typeof message === 'string' && errorCodes.has(String(code));
}

/** An option, or a value that one of your functions returned, cannot work. The message says what would. */
export class InvalidOptionError extends SseError<'invalid-option'> {
  constructor(message: string, options?: { cause?: unknown }) {
    super('invalid-option', message, options);
  }
}

/**
 * No token is available. The message begins with `Failed to acquire token`.
 *
 * Throw it from an `accessToken` function with `retry: 'later'` if the reason is temporary (network, timeout): the stream waits and asks
 * again. With `'never'`, the default, the stream fails (PROTOCOL 8.10, 8.11).
 */
export class AccessTokenError extends SseError<'token-unavailable'> {
  /** @default 'never' */
  readonly retry: 'later' | 'never';

  constructor(reason: string, options: { cause?: unknown; retry?: 'later' | 'never' } = {}) {
    super('token-unavailable', `Failed to acquire token: ${reason}`, options);
    this.retry = options.retry ?? 'never';
  }
}

/**
 * A token requires user interaction. Throw it from an `accessToken` function: the stream does not start the interaction, moves to
 * `interaction-required`, and asks for a token again after `settled` resolves (PROTOCOL 8.9).
 */
export class InteractionRequiredError extends SseError<'interaction-required'> {
  /** Resolves after the user has signed in. If it rejects, the stream fails. Stop waiting when the signal aborts. */
  readonly settled: (signal: AbortSignal) => Promise<void>;

  constructor(reason: string, options: { cause?: unknown; settled: (signal: AbortSignal) => Promise<void> }) {
    super('interaction-required', `Failed to acquire token: ${reason}`, options);
    this.settled = options.settled;
  }
}

/** The user whose token the stream carries signed out, or another user took over. The stream forgets its position. */
export class SignedOutError extends SseError<'signed-out'> {
  constructor(message = 'The stream ended because its user signed out.') {
    super('signed-out', message);
  }
}

/** The server answered with a status other than 200 and 204. */
export class ResponseError extends SseError<'http-error'> {
  readonly status: number;
  /** The challenges of `WWW-Authenticate`; empty if the header is missing or CORS does not expose it. */
  readonly challenges: readonly Challenge[];
  /** The explanation in a JSON body: `detail` or `title` (RFC 9457), `error.message`, `error` or `message`. */
  readonly detail: string | undefined;
  /** The server's own `code` for the refusal, if its body has one (PROTOCOL 3.4). */
  readonly failure: string | undefined;
  /** The beginning of the response body, at most 16 KiB; `''` if there is none. */
  readonly body: string;
  /** The wait that `Retry-After` asks for, in ms from the response; `undefined` if the header is missing or CORS does not expose it. */
  readonly retryAfterMs: number | undefined;

  constructor(
    status: number,
    options: {
      readonly challenges?: readonly Challenge[];
      readonly detail?: string | undefined;
      readonly failure?: string | undefined;
      readonly body?: string;
      readonly retryAfterMs?: number | undefined;
    } = {},
  ) {
    const { challenges = [], detail, failure, body = '', retryAfterMs } = options;
    super('http-error', `The server answered ${status}${detail === undefined ? '.' : `: ${detail}`}`);
    this.status = status;
    this.challenges = challenges;
    this.detail = detail;
    this.failure = failure;
    this.body = body;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A response breaks the rules of an event stream: content type, redirect, event size, or an event ID that cannot be sent back. */
export class ProtocolError extends SseError<
  'event-too-large' | 'invalid-event-id' | 'redirect-refused' | 'unexpected-content-type'
> {}

/** The connection could not be opened in time, fell silent, or ended before the stream did. */
export class ConnectionError extends SseError<
  'connect-timeout' | 'connection-closed' | 'heartbeat-timeout' | 'idle-timeout' | 'network-error'
> {}

/** The server ended the stream with a `failure` event (PROTOCOL 6.3). */
export class StreamFailedError extends SseError<'stream-failed'> {
  /** The server's own code for the failure. */
  readonly failure: string;

  constructor(failure: string, message: string) {
    super('stream-failed', message);
    this.failure = failure;
  }
}

/** The data of an event is not valid: it is not JSON, the schema refuses it, or the schema threw (see `cause`). */
export class InvalidDataError extends SseError<'invalid-data'> {
  /** The event as it was received: its data is still text. */
  readonly event: { readonly id: string; readonly type: string; readonly data: string };
  /** The issues that the schema found; empty if it threw or the data is not JSON. */
  readonly issues: readonly { readonly message: string }[];

  constructor(
    event: InvalidDataError['event'],
    reason: string,
    options: { cause?: unknown; issues?: InvalidDataError['issues'] } = {},
  ) {
    super('invalid-data', `The data of an event of type "${event.type}" ${reason}`, options);
    this.event = event;
    this.issues = options.issues ?? [];
  }
}

/** Thrown by an iterator without `onGap` when the server no longer has events that were asked for (PROTOCOL 5.3). */
export class GapError extends SseError<'gap'> {
  readonly gap: Gap;

  constructor(gap: Gap) {
    super(
      'gap',
      `Events after "${gap.after}" were lost (${gap.reason}). Pass onGap to stream.events() to handle this and continue.`,
    );
    this.gap = gap;
  }
}

/** Thrown by an iterator whose queue is full. The stream continues for its other subscribers. */
export class SlowConsumerError extends SseError<'slow-consumer'> {
  constructor(maxQueuedEvents: number) {
    super(
      'slow-consumer',
      `More than ${maxQueuedEvents} events wait for the iterator. Read faster, raise maxQueuedEvents, or set overflow to "drop-oldest".`,
    );
  }
}

/** Every error that a stream or an iterator of one can end with. */
export type StreamError =
  | AccessTokenError
  | ConnectionError
  | GapError
  | InteractionRequiredError
  | InvalidDataError
  | InvalidOptionError
  | ProtocolError
  | ResponseError
  | SignedOutError
  | SlowConsumerError
  | StreamFailedError;

const errorCodes: ReadonlySet<string> = new Set<SseErrorCode>([
  'connect-timeout',
  'connection-closed',
  'event-too-large',
  'gap',
  'heartbeat-timeout',
  'http-error',
  'idle-timeout',
  'interaction-required',
  'invalid-data',
  'invalid-event-id',
  'invalid-option',
  'network-error',
  'redirect-refused',
  'signed-out',
  'slow-consumer',
  'stream-failed',
  'token-unavailable',
  'unexpected-content-type',
]);
