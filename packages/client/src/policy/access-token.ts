import { AccessTokenError, isSseError, type SseError } from '../errors.ts';
import type { TokenDemand } from '../headers/index.ts';

/** The argument of an `accessToken` function. */
export interface AccessTokenRequest {
  /**
   * What the server demanded when it refused the last token; `undefined` if it has refused none. The returned token must then be a new one
   * that satisfies the demand's claims, if it has any.
   */
  readonly demand: TokenDemand | undefined;
  /** Aborts when the token is no longer needed: the stream was closed, or `tokenTimeoutMs` has passed. */
  readonly signal: AbortSignal;
}

/**
 * Returns the token of one attempt; `undefined` for a stream without a token. The stream calls it at every attempt, so a token is never
 * stale: return it from a cache that knows when its tokens expire.
 *
 * @throws {AccessTokenError} if no token is available, {@link InteractionRequiredError} if one requires user interaction. Any other error
 * fails the stream as an `AccessTokenError` whose `cause` it is.
 */
export type AccessTokenFunction = (request: AccessTokenRequest) => string | undefined | PromiseLike<string | undefined>;

/** What the server refused: the demand, and the error that the stream fails with if the same token is returned again. */
export interface Refusal {
  readonly demand: TokenDemand;
  readonly error: SseError;
}

/** The tokens of one stream. */
export interface TokenSource {
  /**
   * Returns the next attempt's token.
   *
   * @throws the refusal's error if the `accessToken` function returns the refused token: it would only be refused again.
   */
  next(refusal: Refusal | undefined, signal: AbortSignal): Promise<string | undefined>;
}

/** RFC 6750, 2.1: the characters of a bearer token. The HTTP stack would refuse others with a message that quotes the token. */
export function isBearerToken(token: unknown): token is string {
  return typeof token === 'string' && /^[A-Za-z0-9\-._~+/]+=*$/.test(token);
}

/** Creates the token source of one stream. */
export function createTokenSource(accessToken: AccessTokenFunction | undefined): TokenSource {
  let last: string | undefined;

  return {
    async next(refusal, signal) {
      if (accessToken === undefined) return undefined;
      const token = await ask(accessToken, { demand: refusal?.demand, signal });
      if (token === undefined) {
        // A stream that began with a token must not continue without one: it would read what anonymous users may read, and look alive.
        if (last !== undefined) {
          throw new AccessTokenError('the accessToken function returned no token, but it returned one before.');
        }
        return undefined;
      }
      if (!isBearerToken(token)) {
        throw new AccessTokenError(
          'the accessToken function returned a value that is not a bearer token (RFC 6750, 2.1).',
        );
      }
      if (refusal !== undefined && token === last) throw refusal.error;
      // A call that was given up meanwhile was not sent.
      if (!signal.aborted) last = token;
      return token;
    },
  };
}

const ownCodes: ReadonlySet<string> = new Set([
  'interaction-required',
  'invalid-option',
  'signed-out',
  'token-unavailable',
]);

/** Anything can be thrown: an error of another realm, or an object that cannot be converted to a string. */
function reasonOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : typeof error === 'string' ? error : 'see the cause.';
}

async function ask(accessToken: AccessTokenFunction, request: AccessTokenRequest): Promise<string | undefined> {
  try {
    // JavaScript callers return null for "no token" as well.
    return (await accessToken(request)) ?? undefined;
  } catch (error) {
    // Only what this function may throw: other errors may have our codes by chance, or belong to another stream.
    if (isSseError(error) && ownCodes.has(error.code)) throw error;
    throw new AccessTokenError(reasonOf(error), { cause: error });
  }
}
