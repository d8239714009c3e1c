import { compactVerify, decodeProtectedHeader } from 'jose';
import { checkBounds, createReporter, systemClock } from '../core/index.ts';
import type { Clock } from '../core/index.ts';
import { checkEntraRules } from './entra-rules.ts';
import type { EntraRuleOptions } from './entra-rules.ts';
import type { TokenVerifier } from './identity.ts';
import { createSigningKeys } from './signing-keys.ts';
import type { SigningKey } from './signing-keys.ts';
import { judgeClaims } from './token-claims.ts';
import { TokenRefusedError } from './token-refused-error.ts';

export interface EntraVerifierOptions extends EntraRuleOptions {
  /** The OpenID Connect metadata. @default that of the tenant, or of `common` where there are several */
  readonly metadataUri?: string;
  /** The URL of the key set, if it is not to be read from the metadata. */
  readonly jwksUri?: string;
  /** How long keys are used without asking again. @default 24 h */
  readonly keyCacheMs?: number;
  /** At what age keys are fetched again in the background. @default 1 h */
  readonly keyRefreshMs?: number;
  /** How long a key ID that the issuer does not have is refused without asking again. @default 5 min */
  readonly unknownKeyCooldownMs?: number;
  /**
   * How long after a fetch a token with another unknown key starts no fetch. Until then it is answered by 503, as its key may have just
   * been rolled. @default 10 s
   */
  readonly keyFetchIntervalMs?: number;
  /** @default globalThis.fetch */
  readonly fetch?: typeof fetch;
  /** @default the system's */
  readonly clock?: Clock;
  /** Called for every failure to fetch keys, even if the last known keys are still used. */
  readonly onKeysError?: (error: unknown) => void;
}

/** Entra signs with nothing else; `none` and HMAC are how tokens are forged. */
const allowedAlgorithms = ['RS256'];
/** No HTTP stack takes a longer header. */
const maxTokenLength = 32_768;
/** Entra's have 27 to 43 characters. Unknown ones are remembered, so their length counts. */
const maxKidLength = 256;
const hourMs = 3_600_000;

/**
 * Verifies access tokens of Microsoft Entra ID by Microsoft's rules ("Access tokens in the Microsoft identity platform",
 * validate tokens): signature by a key of the right issuer, issuer by `ver` and `tid`, audience by version, times with a
 * tolerance, and a scope or role.
 *
 * @throws ConfigurationError for a tenant that is not a GUID (`common` among them) or a missing audience.
 *
 * @example createEntraVerifier({ tenants: '<tenant ID>', audience: '<client ID>' })
 */
export function createEntraVerifier(options: EntraVerifierOptions): TokenVerifier {
  const { keyCacheMs = 24 * hourMs, keyRefreshMs = hourMs } = options;
  const { unknownKeyCooldownMs = 300_000, keyFetchIntervalMs = 10_000 } = options;
  const { fetch: fetchKeys = fetch, clock = systemClock, onKeysError = () => undefined } = options;
  checkBounds({ keyCacheMs, keyRefreshMs, unknownKeyCooldownMs, keyFetchIntervalMs });
  const rules = checkEntraRules(options);
  const [onlyTenant] = rules.tenantIds;
  const directory = rules.tenantIds.size === 1 && onlyTenant !== undefined ? onlyTenant : 'common';
  const { metadataUri = `${rules.authority}/${directory}/v2.0/.well-known/openid-configuration` } = options;
  const keys = createSigningKeys({
    source: options.jwksUri === undefined ? { metadataUri } : { jwksUri: options.jwksUri },
    fetch: fetchKeys,
    clock,
    cacheMs: keyCacheMs,
    refreshMs: keyRefreshMs,
    unknownKeyCooldownMs,
    fetchIntervalMs: keyFetchIntervalMs,
    onError: createReporter(onKeysError),
  });

  return {
    authorizationUri: `${rules.authority}/${directory}/oauth2/v2.0/authorize`,
    async verify(token) {
      const key = await findKey(token, keys);
      const payload = await verifySignature(token, key);
      return judgeClaims(payload, key.issuer, rules, clock.now());
    },
  };
}

async function findKey(token: string, keys: ReturnType<typeof createSigningKeys>): Promise<SigningKey> {
  const { alg, kid } = readHeader(token);
  // Before the key is looked up: a forged algorithm must neither choose how a key is used nor cause a fetch.
  if (typeof alg !== 'string' || !allowedAlgorithms.includes(alg)) {
    throw new TokenRefusedError('unsupported-algorithm', 'The token is not signed with RS256.');
  }
  if (typeof kid !== 'string' || kid === '' || kid.length > maxKidLength) {
    throw new TokenRefusedError('malformed-token', 'The header of the token has no valid key ID (kid).');
  }
  const key = await keys.find(kid);
  if (key !== undefined) return key;
  throw new TokenRefusedError('unknown-key', 'The token is signed with a key that its issuer does not publish.');
}

function readHeader(token: string): { alg?: unknown; kid?: unknown } {
  if (token.length > maxTokenLength) throw new TokenRefusedError('malformed-token', 'The token is too long.');
  try {
    return decodeProtectedHeader(token);
  } catch (cause) {
    throw new TokenRefusedError('malformed-token', 'The token is not a JSON Web Token.', { cause });
  }
}

/** Returns the payload as text. */
async function verifySignature(token: string, key: SigningKey): Promise<string> {
  try {
    const { payload } = await compactVerify(token, await key.cryptoKey(), { algorithms: allowedAlgorithms });
    return new TextDecoder().decode(payload);
  } catch (cause) {
    throw new TokenRefusedError('bad-signature', 'The signature of the token is not valid.', { cause });
  }
}
