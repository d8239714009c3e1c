import type { TicketRefusedError, TokenRefusedError } from './auth/index.ts';
import { isErrorNamed } from './core/index.ts';
import type { ClosedError, ConfigurationError, EventRefusedError, StreamFailure } from './core/index.ts';

/** Every error that this package throws. Distinguish them by `name` and `code`. */
export type ServerError =
  ConfigurationError | EventRefusedError | ClosedError | TicketRefusedError | TokenRefusedError | StreamFailure;

const errorNames = [
  'ConfigurationError',
  'EventRefusedError',
  'ClosedError',
  'TicketRefusedError',
  'TokenRefusedError',
  'StreamFailure',
];

/**
 * Whether the error is one of this package, or of another copy of it.
 *
 * @example if (isServerError(error) && error.code === 'event-too-large') respond(413);
 */
export function isServerError(error: unknown): error is ServerError {
  return errorNames.some((name) => isErrorNamed(error, name));
}
