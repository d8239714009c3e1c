import { SignJWT, UnsecuredJWT } from 'jose';
import type { JWTPayload } from 'jose';
import { ControlError } from './control-error.ts';
import { v1Issuer, v2Issuer } from '../keys/index.ts';
import type { SigningKey } from '../keys/index.ts';
import type { Provider } from '../provider.ts';
import { accessTokenClaims } from '../token-endpoint/index.ts';

/** How a minted token is signed. `HS256-with-public-key` is the confusion attack: the public key's PEM as the secret. */
export const mintAlgorithms = ['RS256', 'none', 'HS256-with-public-key'] as const;
export type MintAlgorithm = (typeof mintAlgorithms)[number];

/**
 * Whose key signs: the `current` one; one that is `unknown` (never published); or the `foreign` one, which is published but
 * for another issuer.
 */
export const mintKeys = ['current', 'unknown', 'foreign'] as const;
export type MintKey = (typeof mintKeys)[number];

/** A token to make directly, right or wrong, for tests of an API. */
export interface MintRequest {
  /** A user of the directory. */
  readonly username: string;
  /** The `scp` claim's scopes. @default all of the API's. Empty: no `scp` */
  readonly scopes?: readonly string[];
  /** From the issue to `exp`, in milliseconds; zero or less makes a token that has expired. @default the emulator's */
  readonly lifetimeMs?: number;
  /** @default the API's */
  readonly version?: 1 | 2;
  /** @default what the version demands */
  readonly audience?: string;
  /** @default the issuer of the version and tenant */
  readonly issuer?: string;
  /** The `tid`, and through it the issuer. @default the user's */
  readonly tenantId?: string;
  /** The `nbf` claim, in seconds since 1970. @default the time of issue */
  readonly notBefore?: number;
  /** Claims to add or replace. They win over everything else. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Claims to leave out, such as `exp`. */
  readonly omit?: readonly string[];
  /** @default `RS256` */
  readonly algorithm?: MintAlgorithm;
  /** @default `current` */
  readonly signedBy?: MintKey;
  /** The `kid` of the header. @default the key's */
  readonly kid?: string;
}

/**
 * Makes a token of the first registered API.
 *
 * @throws ControlError 404 where nobody has the username.
 */
export async function mintToken(provider: Provider, request: MintRequest): Promise<string> {
  const { username, lifetimeMs = provider.lifetimes.accessTokenMs, claims = {}, omit = [] } = request;
  const { algorithm = 'RS256', signedBy = 'current', audience, issuer, notBefore } = request;
  const api = provider.directory.defaultApi;
  const { version = api.accessTokenVersion, scopes = api.scopes } = request;
  const user = provider.directory.userByName(username);
  if (user === undefined) throw ControlError.unknownUser(username, provider.directory);

  const tenantId = request.tenantId ?? user.tenantId;
  const payload: JWTPayload = {
    ...accessTokenClaims(provider, {
      user: { ...user, tenantId },
      clientId: provider.directory.defaultClientId,
      api,
      version,
      scopes,
      sid: '00000000-0000-4000-8000-000000000000',
      acrs: [],
      capabilities: [],
      lifetimeMs,
    }),
    iss: issuer ?? (version === 1 ? v1Issuer : v2Issuer)(provider.origin, tenantId),
    ...(audience === undefined ? {} : { aud: audience }),
    ...(notBefore === undefined ? {} : { nbf: notBefore }),
    ...claims,
  };
  const left = new Set([...omit, ...(scopes.length === 0 ? ['scp'] : [])]);
  const kept = Object.fromEntries(Object.entries(payload).filter(([name]) => !left.has(name) || name in claims));
  const key = signedBy === 'unknown' ? await provider.keys.unknown() : provider.keys[signedBy];
  return signWith(key, { algorithm, kid: request.kid ?? key.kid, payload: kept });
}

function signWith(
  key: SigningKey,
  { algorithm, kid, payload }: { algorithm: MintAlgorithm; kid: string; payload: JWTPayload },
): Promise<string> {
  switch (algorithm) {
    case 'none':
      return Promise.resolve(new UnsecuredJWT(payload).encode());
    case 'HS256-with-public-key':
      return new SignJWT(payload)
        .setProtectedHeader({ typ: 'JWT', alg: 'HS256', kid })
        .sign(new TextEncoder().encode(key.publicPem));
    case 'RS256':
      return new SignJWT(payload).setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid }).sign(key.privateKey);
  }
}
