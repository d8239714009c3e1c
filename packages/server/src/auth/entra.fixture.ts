import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { createFakeClock } from '../core/fake-clock.fixture.ts';
import type { FakeClock } from '../core/fake-clock.fixture.ts';

export const TENANT = '11111111-2222-4333-8444-555555555555';
export const OTHER_TENANT = '99999999-2222-4333-8444-555555555555';
export const CLIENT_ID = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
export const APP_ID_URI = `api://${CLIENT_ID}`;
export const OBJECT_ID = '77777777-bbbb-4ccc-8ddd-eeeeeeeeeeee';
export const JWKS_URI = `https://login.microsoftonline.com/${TENANT}/discovery/v2.0/keys`;

export interface TestKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function createTestKey(kid: string): Promise<TestKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } };
}

/** Claims as Entra writes them; `undefined` leaves one out. */
export type Claims = Record<string, unknown>;

export interface TestTenant {
  readonly clock: FakeClock;
  /** What the key set holds. */
  keys: JWK[];
  isDown: boolean;
  readonly requests: string[];
  readonly fetch: typeof fetch;
  userClaims(changes?: Claims): Claims;
  v1Claims(changes?: Claims): Claims;
  sign(claims: Claims, key?: TestKey, header?: { alg?: string; kid?: string }): Promise<string>;
}

/** A tenant with a key and a clock: answers its metadata and its keys, and signs what it is given. */
export function createTestTenant(key: TestKey): TestTenant {
  const clock = createFakeClock();
  const seconds = Math.floor(clock.now() / 1000);
  const times = { iat: seconds, nbf: seconds, exp: seconds + 3_600 };
  const userClaims = {
    tid: TENANT,
    oid: OBJECT_ID,
    sub: 'pairwise',
    name: 'Alice',
    scp: 'Events.Read Events.Write',
    ...times,
  };
  const tenant: TestTenant = {
    clock,
    keys: [{ ...key.jwk, issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' } as JWK],
    isDown: false,
    requests: [],
    fetch(input) {
      const url = String(input instanceof Request ? input.url : input);
      tenant.requests.push(url);
      if (tenant.isDown) return Promise.reject(new Error('down'));
      return Promise.resolve(Response.json(url === JWKS_URI ? { keys: tenant.keys } : { jwks_uri: JWKS_URI }));
    },
    userClaims: (changes) => ({
      ...userClaims,
      ver: '2.0',
      aud: CLIENT_ID,
      iss: `https://login.microsoftonline.com/${TENANT}/v2.0`,
      preferred_username: 'alice@example.com',
      ...changes,
    }),
    v1Claims: (changes) => ({
      ...userClaims,
      ver: '1.0',
      aud: APP_ID_URI,
      iss: `https://sts.windows.net/${TENANT}/`,
      upn: 'alice@example.com',
      ...changes,
    }),
    sign: (claims, signer = key, { alg = 'RS256', kid = signer.kid } = {}) =>
      new SignJWT(claims).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(signer.privateKey),
  };
  return tenant;
}
