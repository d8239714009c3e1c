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
 * Refresh tokens are sealed, not stored: each contains its data, encrypted with a key of this process. So no table of them
 * needs a limit. `UserPolicies` ends those of a user.
 */
export interface RefreshTokens {
  /** The lifetime of a new one, from the sign-in's code. */
  readonly lifetimeMs: number;
  seal(content: RefreshContent): Promise<string>;
  /** @throws EntraError AADSTS70000 if this emulator did not issue the token. */
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
