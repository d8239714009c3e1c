import { isErrorNamed, SillageServerError } from '../core/index.ts';

export type TicketRefusedCode = 'invalid-ticket-path' | 'too-many-tickets' | 'token-expired';

/** Why no ticket was given (PROTOCOL 2.5). */
export class TicketRefusedError extends SillageServerError<TicketRefusedCode> {
  override readonly name = 'TicketRefusedError';
  /** When to ask again, for `too-many-tickets`. */
  readonly retryAfterMs: number | undefined;

  constructor(code: TicketRefusedCode, message: string, retryAfterMs?: number) {
    super(code, message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whether no ticket was given, whatever copy of this package the error is from. */
export function isTicketRefusedError(error: unknown): error is TicketRefusedError {
  return isErrorNamed(error, 'TicketRefusedError');
}
