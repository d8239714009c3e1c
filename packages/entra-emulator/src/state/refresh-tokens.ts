import { CompactEncrypt, compactDecrypt } from 'jose';
import { EntraError } from '../entra-error.ts';
import type { Grant } from './grant.ts';

/** What a refresh token holds. */
interface RefreshContent {
  readonly grant: Grant;
  /** The end of the token and of every one that it is exchanged for: fixed, not sliding. */
  readonly expiresAt: number;
  readonly issuedAt: number;
}

/**
 * Refresh tokens are sealed, not stored: each holds its content, encrypted with a key that dies with the emulator. So
 * there is no table of them to bound. A user's are ended through `UserPolicies`.
 */
export interface RefreshTokens {
  /** The lifetime of a new one, from the sign-in's code. */
  readonly lifetimeMs: number;
  seal(content: RefreshContent): Promise<string>;
  /** @throws EntraError AADSTS70000 where the token is none of this emulator's. */
  open(token: string): Promise<RefreshContent>;
}

export function createRefreshTokens(lifetimeMs: number, randomBytes: (count: number) => Uint8Array): RefreshTokens {
  const key = randomBytes(32);
  const prefix = '1.';
  return {
    lifetimeMs,
    async seal(content) {
      const plain = new TextEncoder().encode(JSON.stringify(content));
      return prefix + (await new CompactEncrypt(plain).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(key));
    },
    async open(token) {
      try {
        const { plaintext } = await compactDecrypt(token.slice(prefix.length), key, {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
        });
        // What decrypts was sealed above, so its shape is known.
        return JSON.parse(new TextDecoder().decode(plaintext)) as RefreshContent;
      } catch (cause) {
        throw new EntraError(70000, 'invalid_grant', 'Provided grant is invalid or malformed.', {
          suberror: 'bad_token',
          cause,
        });
      }
    },
  };
}
