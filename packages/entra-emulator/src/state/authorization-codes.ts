import type { Grant } from './grant.ts';
import { EntraError } from '../entra-error.ts';

/** RFC 6749, 4.1.2 recommends at most ten minutes; a browser needs seconds. */
const codeLifetimeMs = 60_000;
/** Codes that are remembered, redeemed ones included. Past this bound the oldest is forgotten, and so unknown. */
const maxCodes = 1_000;

/** What a code stands for, and what it is bound to. */
interface CodeContent {
  readonly grant: Grant;
  /** The parameter as it was sent, character by character. */
  readonly redirectUri: string;
  readonly codeChallenge: string;
  readonly nonce: string | undefined;
  readonly capabilities: readonly string[];
}

export interface AuthorizationCodes {
  issue(content: CodeContent, now: number): string;
  /**
   * Takes a code. Whatever comes of it, the code is spent: one that was shown with a wrong verifier has leaked.
   *
   * @throws EntraError AADSTS54005 where it was redeemed, 70008 where it has expired, 70000 where it is unknown.
   */
  redeem(code: string, now: number): CodeContent;
  reset(): void;
}

export function createAuthorizationCodes(randomBytes: (count: number) => Uint8Array): AuthorizationCodes {
  const codes = new Map<string, { readonly content: CodeContent; readonly expiresAt: number; spent: boolean }>();

  return {
    issue(content, now) {
      const code = `1.${Buffer.from(randomBytes(48)).toString('base64url')}`;
      codes.set(code, { content, expiresAt: now + codeLifetimeMs, spent: false });
      const [oldest] = codes.keys();
      if (codes.size > maxCodes && oldest !== undefined) codes.delete(oldest);
      return code;
    },
    redeem(code, now) {
      const entry = codes.get(code);
      if (entry === undefined) {
        throw new EntraError(70000, 'invalid_grant', 'Provided grant is invalid or malformed.');
      }
      if (entry.spent) {
        throw new EntraError(
          54005,
          'invalid_grant',
          'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
        );
      }
      entry.spent = true;
      if (now >= entry.expiresAt) {
        throw new EntraError(
          70008,
          'invalid_grant',
          'The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.',
        );
      }
      return entry.content;
    },
    reset() {
      codes.clear();
    },
  };
}
