import type { SseError } from '../errors.ts';
import type { TokenDemand } from '../headers/index.ts';
import type { Outcome } from '../policy/index.ts';

/** How an attempt, or the connection that it opened, ended. */
export interface AttemptEnd {
  readonly outcome: Outcome;
  /** The error that the stream fails with if the policy says so; `undefined` only if the outcome is `completed`. */
  readonly error: SseError | undefined;
  readonly retryAfterMs: number | undefined;
  readonly demand: TokenDemand | undefined;
}

/** An end without `Retry-After` and without a demand. */
export function ended(outcome: Outcome, error?: SseError): AttemptEnd {
  return { outcome, error, retryAfterMs: undefined, demand: undefined };
}
