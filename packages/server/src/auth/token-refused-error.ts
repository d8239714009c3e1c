import { isErrorNamed, SillageServerError } from '../core/index.ts';

export type TokenRefusedCode =
  | 'malformed-token'
  | 'unsupported-algorithm'
  | 'unknown-key'
  | 'bad-signature'
  | 'wrong-tenant'
  | 'wrong-issuer'
  | 'wrong-audience'
  | 'not-yet-valid'
  | 'token-expired'
  | 'no-permissions'
  | 'keys-unavailable';

export interface TokenRefusedOptions extends ErrorOptions {
  /** The claim that was wrong, for the server's own log. Never send it to the client. */
  readonly received?: string | undefined;
  /** When to try again, for `keys-unavailable`. */
  readonly retryAfterMs?: number;
}

const maxReceivedLength = 200;

/** Why a token was refused. The message is fixed text, safe in a header. Neither it nor `received` contains a token. */
export class TokenRefusedError extends SillageServerError<TokenRefusedCode> {
  override readonly name = 'TokenRefusedError';
  /** The claim that was wrong, shortened. It comes from the caller: escape it where it is written. */
  readonly received: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: TokenRefusedCode, message: string, options: TokenRefusedOptions = {}) {
    super(code, message, options);
    this.received = options.received?.slice(0, maxReceivedLength);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/**
 * Whether a verifier has refused a token, whatever copy of this package its error is from.
 *
 * @example if (isTokenRefusedError(error) && error.code === 'keys-unavailable') retryLater();
 */
export function isTokenRefusedError(error: unknown): error is TokenRefusedError {
  return isErrorNamed(error, 'TokenRefusedError');
}
