import type { TicketRefusedError, TokenRefusedError } from './auth/index.ts';
import { SillageServerError } from './core/index.ts';
import type { ClosedError, ConfigurationError, EventRefusedError, StreamFailure } from './core/index.ts';

/** Every error that this package throws, to be told apart by `name` and `code`. */
export type ServerError =
  ConfigurationError | EventRefusedError | ClosedError | TicketRefusedError | TokenRefusedError | StreamFailure;

/** Whether the error is one of this package. */
export function isServerError(error: unknown): error is ServerError {
  return error instanceof SillageServerError;
}
