import type { TokenDemand } from '../headers/index.ts';
import { AccessTokenError, isSseError } from '../errors.ts';

/** What an `accessToken` function is asked with. */
export interface AccessTokenRequest {
  /**
   * What the server demanded when it refused the last token; `null` when it has refused none. The token must then be a new one, with the
   * demand's claims if it has any.
   */
  readonly demand: TokenDemand | null;
  /** Aborts when the stream is closed. */
  readonly signal: AbortSignal;
}

/**
 * Gives the token of one attempt; `null` for a stream without one. It is called at every attempt, so a token is never stale: answer from a
 * cache that knows when its tokens expire.
 *
 * @throws {AccessTokenError} where none can be had, {@link InteractionRequiredError} where a person's help is needed. Any other error
 * fails the stream as an `AccessTokenError` whose `cause` it is.
 */
export type AccessTokenFunction = (request: AccessTokenRequest) => string | null | Promise<string | null>;

/** The tokens of one stream. */
export interface TokenSource {
  /**
   * The next attempt's token.
   *
   * @returns `'same'` where a new one was demanded and the refused one came back: sending it again could only be refused again.
   */
  next(request: AccessTokenRequest): Promise<{ readonly token: string | null } | 'same'>;
}

/** RFC 6750, 2.1: what a bearer token may hold. Anything else would be refused by the HTTP stack with a message that quotes it. */
const bearerToken = /^[A-Za-z0-9\-._~+/]+=*$/;

/** Guards one stream's `accessToken` function. */
export function createTokenSource(accessToken: AccessTokenFunction | undefined): TokenSource {
  let last: string | null = null;

  return {
    async next(request) {
      if (accessToken === undefined) return { token: null };
      const token = await ask(accessToken, request);
      if (token === null && last !== null) {
        // A stream that began as somebody must not go on as nobody: it would read what the anonymous may, and look alive.
        throw new AccessTokenError('the accessToken function gave none, and the stream had one before.');
      }
      if (token !== null && !bearerToken.test(token)) {
        throw new AccessTokenError('the accessToken function gave something that is no bearer token (RFC 6750, 2.1).');
      }
      if (request.demand !== null && token === last) return 'same';
      last = token;
      return { token };
    },
  };
}

async function ask(accessToken: AccessTokenFunction, request: AccessTokenRequest): Promise<string | null> {
  try {
    return await accessToken(request);
  } catch (error) {
    if (isSseError(error)) throw error;
    throw new AccessTokenError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
