import type { Challenge } from './headers/index.ts';

/** The stable `code` of every error that a stream can end with. */
export type SseErrorCode =
  | 'connection-closed'
  | 'event-too-large'
  | 'heartbeat-timeout'
  | 'http-error'
  | 'idle-timeout'
  | 'interaction-required'
  | 'invalid-data'
  | 'invalid-option'
  | 'network-error'
  | 'redirect-refused'
  | 'signed-out'
  | 'stream-failed'
  | 'token-unavailable'
  | 'unexpected-content-type';

/** The base of every error of this package. Branch on `code`, which is stable; messages are for people. */
export class SseError<C extends SseErrorCode = SseErrorCode> extends Error {
  readonly code: C;

  constructor(code: C, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Whether `error` is one of this package's errors, even from another copy of it on the page. */
export function isSseError(error: unknown): error is SseError {
  return error instanceof SseError || (error instanceof Error && 'code' in error && errorCodes.has(String(error.code)));
}

/** An option that cannot work. The message says what would. */
export class InvalidOptionError extends SseError<'invalid-option'> {
  constructor(message: string, options?: { cause?: unknown }) {
    super('invalid-option', message, options);
  }
}

/**
 * No token could be had. The message begins with `Failed to acquire token`.
 *
 * Throw it from an `accessToken` function with `retry: 'later'` where the reason is a passing one (the network, a time-out): the
 * stream then waits and asks again. With `'never'`, the default, it fails (PROTOCOL 8.10, 8.11).
 */
export class AccessTokenError extends SseError<'token-unavailable'> {
  readonly retry: 'later' | 'never';

  constructor(reason: string, options: { cause?: unknown; retry?: 'later' | 'never' } = {}) {
    super('token-unavailable', `Failed to acquire token: ${reason}`, options);
    this.retry = options.retry ?? 'never';
  }
}

/**
 * A token can only be had with a person's help. Throw it from an `accessToken` function: the stream opens nothing by itself,
 * moves to `interaction-required`, and asks for a token again once `settled` resolves (PROTOCOL 8.9).
 */
export class InteractionRequiredError extends SseError<'interaction-required'> {
  /** Resolves when the person has signed in; where it rejects, the stream fails. Must stop listening when the signal aborts. */
  readonly settled: (signal: AbortSignal) => Promise<void>;

  constructor(reason: string, options: { cause?: unknown; settled: (signal: AbortSignal) => Promise<void> }) {
    super('interaction-required', `Failed to acquire token: ${reason}`, options);
    this.settled = options.settled;
  }
}

/** The person whose token a stream carries has signed out, or another has taken over. The stream's place is forgotten. */
export class SignedOutError extends SseError<'signed-out'> {
  constructor(message = 'The stream ended because its user signed out.') {
    super('signed-out', message);
  }
}

/** The server answered with a status that opens no stream. */
export class ResponseError extends SseError<'http-error'> {
  readonly status: number;
  /** What `WWW-Authenticate` demanded; empty where the header is missing or CORS does not expose it. */
  readonly challenges: readonly Challenge[];
  /** The `detail` (or `title`) of a `application/problem+json` body (RFC 9457), if there was one. */
  readonly detail: string | null;
  /** The server's own `code` for what it refused (PROTOCOL 3.4), if its body had one: what to choose other words by. */
  readonly failure: string | null;
  /** How long `Retry-After` asks to wait, in ms from the response; `null` where the header is missing or CORS does not expose it. */
  readonly retryAfterMs: number | null;

  constructor(
    status: number,
    options: {
      readonly challenges?: readonly Challenge[];
      readonly detail?: string | null;
      readonly failure?: string | null;
      readonly retryAfterMs?: number | null;
    } = {},
  ) {
    const { challenges = [], detail = null, failure = null, retryAfterMs = null } = options;
    super('http-error', `The server answered ${status}${detail === null ? '.' : `: ${detail}`}`);
    this.status = status;
    this.challenges = challenges;
    this.detail = detail;
    this.failure = failure;
    this.retryAfterMs = retryAfterMs;
  }
}

/** An answer that is no event stream: the wrong content type, a redirect out of policy, or an event past the bound. */
export class ProtocolError extends SseError<'event-too-large' | 'redirect-refused' | 'unexpected-content-type'> {}

/** The connection could not be made, fell silent, or ended before the stream did. */
export class ConnectionError extends SseError<
  'connection-closed' | 'heartbeat-timeout' | 'idle-timeout' | 'network-error'
> {}

/** The server ended a finite stream with `failure` (PROTOCOL 6.3). */
export class StreamFailedError extends SseError<'stream-failed'> {
  /** The server's own code for what went wrong. */
  readonly failure: string;

  constructor(failure: string, message: string) {
    super('stream-failed', message);
    this.failure = failure;
  }
}

/** An event's data does not fit the schema. */
export class InvalidDataError extends SseError<'invalid-data'> {
  /** The event as it came, its data still text. */
  readonly event: { readonly id: string; readonly type: string; readonly data: string };
  /** What the schema found, in its own words. */
  readonly issues: readonly { readonly message: string }[];

  constructor(event: InvalidDataError['event'], issues: InvalidDataError['issues']) {
    super(
      'invalid-data',
      `The data of an event of type "${event.type}" does not fit the schema: ${issues.map((issue) => issue.message).join('; ')}`,
    );
    this.event = event;
    this.issues = issues;
  }
}

/** Every error that a stream can end with. */
export type StreamError =
  | AccessTokenError
  | ConnectionError
  | InteractionRequiredError
  | InvalidDataError
  | InvalidOptionError
  | ProtocolError
  | ResponseError
  | SignedOutError
  | StreamFailedError;

const errorCodes: ReadonlySet<string> = new Set<SseErrorCode>([
  'connection-closed',
  'event-too-large',
  'heartbeat-timeout',
  'http-error',
  'idle-timeout',
  'interaction-required',
  'invalid-data',
  'invalid-option',
  'network-error',
  'redirect-refused',
  'signed-out',
  'stream-failed',
  'token-unavailable',
  'unexpected-content-type',
]);
