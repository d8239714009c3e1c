import { importJWK } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import type { Clock } from '../core/index.ts';
import { fetchKeyDocument } from './key-document.ts';
import { TokenRefusedError } from './token-refused-error.ts';

export interface SigningKey {
  readonly kid: string;
  /** Whose tokens the key signs; may hold `{tenantid}`. */
  readonly issuer: string | undefined;
  /** Imported at the first call. */
  cryptoKey(): Promise<CryptoKey>;
}

export interface SigningKeysOptions {
  /** Where the keys are: the key set itself, or the metadata that names it. */
  readonly source: { readonly jwksUri: string } | { readonly metadataUri: string };
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** How long keys are used without asking again. */
  readonly cacheMs: number;
  /** How old keys are when the next use fetches them again in the background. */
  readonly refreshMs: number;
  /** How long a `kid` that the issuer does not have is refused without asking again. */
  readonly unknownKeyCooldownMs: number;
  /** How long after a fetch an unknown `kid` starts no other one. */
  readonly fetchIntervalMs: number;
  /** Called when a fetch has failed, whether or not older keys help out. Must not throw. */
  readonly onError: (error: unknown) => void;
}

export interface SigningKeys {
  /**
   * Finds a key by its `kid`; `undefined` if the issuer has no such key.
   *
   * @throws TokenRefusedError `keys-unavailable` if that is not known: the issuer does not answer, or was asked a moment ago.
   */
  find(kid: string): Promise<SigningKey | undefined>;
}

/** How long a failure keeps the next fetch off, so that every request does not wait for the same time-out. */
const failureCooldownMs = 10_000;
const documentTimeoutMs = 5_000;
const maxDocumentBytes = 1 << 20;
const signingAlgorithm = 'RS256';

/** How many unknown kids are remembered; past it, the oldest is looked up again. Anybody can invent them. */
const maxUnknownKeys = 1_000;

/**
 * Keeps an issuer's signing keys: fetched once at a time, refreshed in the background, fetched again for a `kid` that is new, and
 * kept when the issuer fails. There is no timer: the keys age as they are used.
 *
 * Each `kid` is judged for itself. An invented one is refused for a while without another fetch, and keeps no other one from being
 * looked up; and fetches have a minimum interval, so that many invented ones do not load the issuer. A `kid` that comes within it
 * may be that of a key which was just rolled: its token is not refused, and its client is told to retry (503).
 */
export function createSigningKeys(options: SigningKeysOptions): SigningKeys {
  const {
    source,
    fetch: fetchKeys,
    clock,
    cacheMs,
    refreshMs,
    unknownKeyCooldownMs,
    fetchIntervalMs,
    onError,
  } = options;
  const documentOptions = { fetch: fetchKeys, clock, timeoutMs: documentTimeoutMs, maxBytes: maxDocumentBytes };
  /** Until when each is refused, in the order in which they were looked up. */
  const unknownUntilMs = new Map<string, number>();
  let keys: ReadonlyMap<string, SigningKey> | undefined;
  let fetchedAtMs = -Infinity;
  let failedAtMs = -Infinity;
  let fetching: Promise<boolean> | undefined;

  async function load(): Promise<boolean> {
    try {
      keys = await fetchKeySet(source, documentOptions);
      fetchedAtMs = clock.monotonic();
      failedAtMs = -Infinity;
      return true;
    } catch (error) {
      // Last known good: the present keys stay, as an issuer that is down must not sign everybody out.
      failedAtMs = clock.monotonic();
      onError(error);
      return false;
    } finally {
      fetching = undefined;
    }
  }

  /** Returns whether the keys are now those of the issuer. Never rejects. */
  function refresh(): Promise<boolean> {
    if (fetching === undefined && clock.monotonic() - failedAtMs < failureCooldownMs) return Promise.resolve(false);
    return (fetching ??= load());
  }

  async function current(): Promise<ReadonlyMap<string, SigningKey>> {
    const ageMs = clock.monotonic() - fetchedAtMs;
    // Not awaited if it is merely due: the present keys are good enough for this token. It never rejects.
    if (ageMs > cacheMs) await refresh();
    else if (ageMs > refreshMs) void refresh();
    if (keys === undefined) throw keysUnavailable(retryAfterFailureMs());
    return keys;
  }

  function retryAfterFailureMs(): number {
    return Math.max(0, failedAtMs + failureCooldownMs - clock.monotonic());
  }

  function noteUnknown(kid: string): void {
    unknownUntilMs.delete(kid);
    unknownUntilMs.set(kid, clock.monotonic() + unknownKeyCooldownMs);
    if (unknownUntilMs.size <= maxUnknownKeys) return;
    for (const oldest of unknownUntilMs.keys()) {
      unknownUntilMs.delete(oldest);
      return;
    }
  }

  return {
    async find(kid) {
      const askedAtMs = clock.monotonic();
      const fetchedBeforeMs = fetchedAtMs;
      const key = (await current()).get(kid);
      if (key !== undefined) return key;
      // Keys that were fetched for this very request are as new as can be.
      const isFresh = fetchedAtMs !== fetchedBeforeMs;
      if (!isFresh) {
        if ((unknownUntilMs.get(kid) ?? -Infinity) > askedAtMs) return undefined;
        const waitMs = fetchedAtMs + fetchIntervalMs - askedAtMs;
        if (waitMs > 0 && fetching === undefined) throw keysUnavailable(waitMs);
        // Only a fetch that has worked counts: after a failure the issuer may well have this key.
        if (!(await refresh())) throw keysUnavailable(retryAfterFailureMs());
      }
      const found = keys?.get(kid);
      if (found === undefined) noteUnknown(kid);
      return found;
    },
  };
}

function keysUnavailable(retryAfterMs: number): TokenRefusedError {
  return new TokenRefusedError('keys-unavailable', "The issuer's signing keys cannot be fetched now.", {
    retryAfterMs,
  });
}

async function fetchKeySet(
  source: SigningKeysOptions['source'],
  options: Parameters<typeof fetchKeyDocument>[1],
): Promise<ReadonlyMap<string, SigningKey>> {
  let jwksUri: unknown;
  if ('jwksUri' in source) jwksUri = source.jwksUri;
  else jwksUri = (await fetchKeyDocument(source.metadataUri, options)).jwks_uri;
  if (typeof jwksUri !== 'string') throw new Error('The metadata of the issuer names no jwks_uri.');
  if ('metadataUri' in source && source.metadataUri.startsWith('https:') && !jwksUri.startsWith('https:')) {
    throw new Error('The metadata of the issuer names a jwks_uri without https.');
  }
  const { keys: list } = await fetchKeyDocument(jwksUri, options);
  const keys = new Map<string, SigningKey>();
  for (const jwk of Array.isArray(list) ? (list as unknown[]) : []) {
    if (isSigningJwk(jwk)) keys.set(jwk.kid, createSigningKey(jwk));
  }
  // An empty set would sign everybody out: it is a fault of the issuer, and the last keys stay.
  if (keys.size === 0) throw new Error(`${jwksUri} holds no RSA signing key.`);
  return keys;
}

type SigningJwk = JWK & { readonly kid: string; readonly issuer?: unknown };

function isSigningJwk(value: unknown): value is SigningJwk {
  if (typeof value !== 'object' || value === null) return false;
  const { kid, kty, use, alg } = value as JWK;
  return (
    typeof kid === 'string' &&
    kty === 'RSA' &&
    (use ?? 'sig') === 'sig' &&
    (alg ?? signingAlgorithm) === signingAlgorithm
  );
}

function createSigningKey(jwk: SigningJwk): SigningKey {
  const { kid, issuer, kty, n, e } = jwk;
  let imported: Promise<CryptoKey> | undefined;
  return {
    kid,
    issuer: typeof issuer === 'string' ? issuer : undefined,
    // Only the public half, whatever else the document contains.
    cryptoKey: () => (imported ??= importJWK({ kty, n, e } as JWK, signingAlgorithm) as Promise<CryptoKey>),
  };
}
