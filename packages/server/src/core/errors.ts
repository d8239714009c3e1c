/**
 * The base of every error that this package throws: a stable `code` to branch on, a message that says what to do, and the
 * `cause` if there is one. A message never contains a token.
 */
export class SillageServerError<Code extends string = string> extends Error {
  override readonly name: string = 'SillageServerError';
  /** Stable over versions; the message is not. */
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A wrong option, refused when the object is created, with its correction in the message. */
export class ConfigurationError extends SillageServerError<'invalid-configuration'> {
  override readonly name = 'ConfigurationError';

  constructor(message: string, options?: ErrorOptions) {
    super('invalid-configuration', message, options);
  }
}

export type EventRefusedCode =
  | 'invalid-id'
  | 'invalid-type'
  | 'invalid-data'
  | 'invalid-comment'
  | 'invalid-retry'
  | 'reserved-type'
  | 'invalid-topic'
  | 'unserialisable-data'
  | 'event-too-large'
  | 'invalid-key'
  | 'key-reused';

/** An event that cannot or must not be written. Nothing of it was stored or sent. */
export class EventRefusedError extends SillageServerError<EventRefusedCode> {
  override readonly name = 'EventRefusedError';
}

/** A hub or a log was used after its `close()`. */
export class ClosedError extends SillageServerError<'hub-closed' | 'log-closed'> {
  override readonly name = 'ClosedError';
}

/**
 * Thrown by the source of a finite stream to tell the client why it failed: `code` and `message` reach the client as they are
 * (PROTOCOL 6.3). Any other error reaches it as `internal-error` without its message.
 *
 * @example throw new StreamFailure('model-overloaded', 'The model is busy: try again in a minute.');
 */
export class StreamFailure extends SillageServerError {
  override readonly name = 'StreamFailure';
}

/**
 * Whether an error is of the class with that name, from this copy of the package or another: an application may have two, and `instanceof`
 * tells them apart.
 */
export function isErrorNamed(error: unknown, name: string): error is Error & { readonly code: string } {
  return error instanceof Error && error.name === name && typeof (error as { code?: unknown }).code === 'string';
}
