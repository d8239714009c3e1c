import { CompactSign, exportSPKI, generateKeyPair, importJWK, SignJWT, UnsecuredJWT } from 'jose';
import type { CryptoKey } from 'jose';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEntraVerifier } from './entra-verifier.ts';
import type { EntraVerifierOptions } from './entra-verifier.ts';
import {
  APP_ID_URI,
  CLIENT_ID,
  createTestKey,
  createTestTenant,
  JWKS_URI,
  OBJECT_ID,
  OTHER_TENANT,
  TENANT,
} from './entra.fixture.ts';
import type { Claims, TestKey, TestTenant } from './entra.fixture.ts';
import type { TokenVerifier } from './identity.ts';
import { isTokenRefusedError } from './token-refused-error.ts';

let key: TestKey;
let tenant: TestTenant;
let verifier: TokenVerifier;

const create = (changes: Partial<EntraVerifierOptions> = {}): TokenVerifier =>
  createEntraVerifier({
    tenants: TENANT,
    audience: [CLIENT_ID, APP_ID_URI],
    fetch: tenant.fetch,
    clock: tenant.clock,
    ...changes,
  });

/** The code with which a token is refused; `accepted` where it is not. */
async function outcome(token: string | Promise<string>, by = verifier): Promise<string> {
  try {
    await by.verify(await token);
    return 'accepted';
  } catch (error) {
    if (!isTokenRefusedError(error)) throw error;
    expect(`${error.message} ${String(error.received)}`).not.toContain(await token);
    return error.code;
  }
}

const seconds = (): number => Math.floor(tenant.clock.now() / 1000);
const ofUser = (changes?: Claims): Promise<string> => tenant.sign(tenant.userClaims(changes));
const ofV1 = (changes?: Claims): Promise<string> => tenant.sign(tenant.v1Claims(changes));

beforeAll(async () => {
  key = await createTestKey('k1');
});
beforeEach(() => {
  tenant = createTestTenant(key);
  verifier = create();
});

describe('a valid token', () => {
  it('of version 2 identifies a user', async () => {
    const identity = await verifier.verify(await ofUser({ roles: ['Admin'], xms_cc: ['cp1'] }));
    expect(identity).toMatchObject({
      key: `${TENANT}.${OBJECT_ID}`,
      tenantId: TENANT,
      objectId: OBJECT_ID,
      kind: 'user',
      scopes: ['Events.Read', 'Events.Write'],
      roles: ['Admin'],
      name: 'Alice',
      username: 'alice@example.com',
      expiresAtMs: (seconds() + 3_600) * 1000,
      sessionDeadlineMs: (seconds() + 3_600) * 1000,
      supportsClaimsChallenge: true,
    });
    expect(identity.claims.iss).toContain(TENANT);
  });

  it('of version 1 names the App ID URI or the client ID', async () => {
    expect(await outcome(ofV1())).toBe('accepted');
    expect(await outcome(ofV1({ aud: CLIENT_ID }))).toBe('accepted');
  });

  it('of an application has roles and no scopes', async () => {
    const application = { scp: undefined, roles: ['Events.Read.All'] };
    expect(await verifier.verify(await ofUser({ ...application, idtyp: 'app' }))).toMatchObject({
      kind: 'application',
      scopes: [],
    });
    expect(await verifier.verify(await ofUser({ ...application, sub: OBJECT_ID }))).toMatchObject({
      kind: 'application',
    });
  });

  it('says nothing of claims challenges unless it has cp1 (PROTOCOL 7.4)', async () => {
    expect((await verifier.verify(await ofUser())).supportsClaimsChallenge).toBe(false);
    expect((await verifier.verify(await ofUser({ xms_cc: 'cp1' }))).supportsClaimsChallenge).toBe(true);
  });

  it('may be of any tenant that was listed, with the issuer of that one', async () => {
    const several = create({ tenants: [TENANT, OTHER_TENANT] });
    const iss = `https://login.microsoftonline.com/${OTHER_TENANT}/v2.0`;
    expect(await outcome(ofUser({ tid: OTHER_TENANT, iss }), several)).toBe('accepted');
    expect(await outcome(ofUser({ tid: OTHER_TENANT }), several)).toBe('wrong-issuer');
  });
});

describe('a token is refused (PROTOCOL 7.2)', () => {
  it.each(['abc', 'abc.def', 'a.b.c', 'e30.e30.', `${'x'.repeat(40_000)}.a.b`])(
    'that is malformed: %#',
    async (token) => {
      expect(await outcome(token)).toMatch(/malformed-token|unsupported-algorithm/);
    },
  );

  it('that is unsigned', async () => {
    expect(await outcome(new UnsecuredJWT(tenant.userClaims()).encode())).toBe('unsupported-algorithm');
    expect(tenant.requests).toEqual([]);
  });

  it('that is signed by HMAC with the public key as its secret', async () => {
    const publicKey = (await importJWK({ ...key.jwk, ext: true }, 'RS256')) as CryptoKey;
    const secret = new TextEncoder().encode(await exportSPKI(publicKey));
    const token = new SignJWT(tenant.userClaims()).setProtectedHeader({ alg: 'HS256', kid: 'k1' }).sign(secret);
    expect(await outcome(token)).toBe('unsupported-algorithm');
  });

  it('that is signed by another key under a known name', async () => {
    expect(await outcome(tenant.sign(tenant.userClaims(), await createTestKey('k1')))).toBe('bad-signature');
  });

  it('whose claims were changed after they were signed', async () => {
    const [header = '', , signature = ''] = (await ofUser()).split('.');
    const forged = btoa(JSON.stringify(tenant.userClaims({ roles: ['Admin'] }))).replace(/=+$/, '');
    expect(await outcome(`${header}.${forged}.${signature}`)).toBe('bad-signature');
  });

  it.each([
    ['null', 'null'],
    ['an array', '[1]'],
    ['a string', '"claims"'],
    ['a number', '7'],
    ['not JSON', '{'],
    ['empty', ''],
  ])('whose payload is %s', async (_what, payload) => {
    const token = new CompactSign(new TextEncoder().encode(payload))
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .sign(key.privateKey);
    expect(await outcome(token)).toBe('malformed-token');
  });

  it('that is longer than a header can be, before anything of it is parsed or fetched', async () => {
    const padding = (length: number) => ofUser({ padding: 'x'.repeat(length) });
    expect(await outcome(padding(20_000))).toBe('accepted');
    tenant.requests.length = 0;
    const long = await padding(30_000);
    expect(long.length).toBeGreaterThan(32_768);
    await expect(create().verify(long)).rejects.toMatchObject({
      code: 'malformed-token',
      message: 'The token is too long.',
    });
    expect(tenant.requests).toEqual([]);
  });

  it('whose key ID is too long to remember, or not a text', async () => {
    expect(await outcome(tenant.sign(tenant.userClaims(), key, { kid: 'k'.repeat(257) }))).toBe('malformed-token');
    expect(await outcome(tenant.sign(tenant.userClaims(), key, { kid: 'k'.repeat(256) }))).toBe('unknown-key');
    expect(await outcome(tenant.sign(tenant.userClaims(), key, { kid: '' }))).toBe('malformed-token');
  });

  it.each(['RS384', 'RS512', 'PS256'])('that is signed with %s, although by the right key', async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    const token = new SignJWT(tenant.userClaims()).setProtectedHeader({ alg, kid: 'k1' }).sign(privateKey);
    expect(await outcome(token)).toBe('unsupported-algorithm');
    expect(tenant.requests).toEqual([]);
  });

  it('with what was wrong in it, for the log', async () => {
    const received = async (changes: Claims): Promise<string | undefined> => {
      const error: unknown = await verifier.verify(await ofUser(changes)).catch((reason: unknown) => reason);
      return isTokenRefusedError(error) ? error.received : 'accepted';
    };
    expect(await received({ aud: 'api://another' })).toBe('api://another');
    expect(await received({ iss: 'https://evil.example' })).toBe('https://evil.example');
    expect(await received({ tid: OTHER_TENANT })).toBe(OTHER_TENANT);
    expect(await received({ aud: ['a'] })).toBeUndefined();
  });

  it('that names no key', async () => {
    const token = new SignJWT(tenant.userClaims()).setProtectedHeader({ alg: 'RS256' }).sign(key.privateKey);
    expect(await outcome(token)).toBe('malformed-token');
  });

  it.each<[string, Claims]>([
    ['wrong-tenant', { tid: OTHER_TENANT, iss: `https://login.microsoftonline.com/${OTHER_TENANT}/v2.0` }],
    ['wrong-tenant', { tid: undefined }],
    ['wrong-tenant', { tid: 'common' }],
    ['wrong-issuer', { iss: `https://sts.windows.net/${TENANT}/` }],
    ['wrong-issuer', { iss: `https://login.microsoftonline.com/${TENANT}/v2.0/` }],
    ['wrong-issuer', { iss: `https://evil.example/${TENANT}/v2.0` }],
    ['wrong-issuer', { iss: undefined }],
    ['wrong-audience', { aud: OTHER_TENANT }],
    ['wrong-audience', { aud: APP_ID_URI }],
    ['wrong-audience', { aud: [CLIENT_ID] }],
    ['wrong-audience', { aud: undefined }],
    ['malformed-token', { ver: undefined }],
    ['malformed-token', { ver: '3.0' }],
    ['malformed-token', { exp: undefined }],
    ['malformed-token', { oid: undefined }],
  ])('with %s: %j', async (code, changes) => {
    expect(await outcome(ofUser(changes))).toBe(code);
  });

  it('of version 1 with the issuer of version 2, or with an unknown audience', async () => {
    expect(await outcome(ofV1({ iss: `https://login.microsoftonline.com/${TENANT}/v2.0` }))).toBe('wrong-issuer');
    expect(await outcome(ofV1({ aud: `${APP_ID_URI}/` }))).toBe('wrong-audience');
  });

  it("whose key is another issuer's, though it is in the set", async () => {
    const personal = await createTestKey('k2');
    tenant.keys.push({
      ...personal.jwk,
      issuer: `https://login.microsoftonline.com/${OTHER_TENANT}/v2.0`,
    } as (typeof tenant.keys)[0]);
    expect(await outcome(tenant.sign(tenant.userClaims(), personal))).toBe('wrong-issuer');
  });

  it('without a delegated scope or an application role', async () => {
    expect(await outcome(ofUser({ scp: undefined }))).toBe('no-permissions');
    expect(await outcome(ofUser({ scp: '' }))).toBe('no-permissions');
    // An ID token of an app that is its own API has the right audience, and roles.
    expect(await outcome(ofUser({ scp: undefined, roles: ['Admin'] }))).toBe('no-permissions');
    expect(await outcome(ofUser({ scp: undefined, idtyp: 'app' }))).toBe('no-permissions');
    // idtyp says that it is a user, although sub and oid are those of an application.
    const roles = ['Events.Read.All'];
    expect(await outcome(ofUser({ scp: undefined, roles, sub: OBJECT_ID, idtyp: 'user' }))).toBe('no-permissions');
    expect(await outcome(ofUser({ scp: undefined, roles, idtyp: 'app' }))).toBe('accepted');
    expect((await verifier.verify(await ofUser({ roles, idtyp: 'app' }))).kind).toBe('user');
    expect((await verifier.verify(await ofUser({ roles, sub: OBJECT_ID }))).kind).toBe('user');
  });

  it('without a scope that the API requires of everybody', async () => {
    const strict = create({ requiredScopes: ['Events.Admin'] });
    expect(await outcome(ofUser(), strict)).toBe('no-permissions');
    expect(await outcome(ofUser({ scp: 'Events.Admin' }), strict)).toBe('accepted');
  });
});

describe('the clocks may differ by five minutes', () => {
  it('at the expiry', async () => {
    expect(await outcome(ofUser({ exp: seconds() - 299 }))).toBe('accepted');
    expect(await outcome(ofUser({ exp: seconds() - 300 }))).toBe('token-expired');
  });

  it('at the beginning', async () => {
    expect(await outcome(ofUser({ nbf: seconds() + 300 }))).toBe('accepted');
    expect(await outcome(ofUser({ nbf: seconds() + 301 }))).toBe('not-yet-valid');
  });

  it('or by less, by option', async () => {
    expect(await outcome(ofUser({ exp: seconds() - 1 }), create({ clockToleranceMs: 0 }))).toBe('token-expired');
  });

  it('and a session of a token past its expiry ends with the tolerance', async () => {
    const exp = seconds() - 100;
    const { expiresAtMs, sessionDeadlineMs } = await verifier.verify(await ofUser({ exp }));
    expect([expiresAtMs, sessionDeadlineMs]).toEqual([exp * 1000, (exp + 300) * 1000]);
  });
});

describe('options that would accept too much or nothing are refused with their correction', () => {
  it.each<[RegExp, Partial<EntraVerifierOptions>]>([
    [/List the tenants/, { tenants: 'common' }],
    [/List the tenants/, { tenants: [TENANT, 'organizations'] }],
    [/not a GUID/, { tenants: 'contoso.onmicrosoft.com' }],
    [/tenants is empty/, { tenants: [] }],
    [/audience is empty/, { audience: [] }],
    [/App ID URI/, { audience: 'my api' }],
    [/must be an https URL/, { authority: 'http://login.example' }],
    [/clockToleranceMs/, { clockToleranceMs: -1 }],
  ])('%s', (message, options) => {
    expect(() => create(options)).toThrow(message);
  });
});

describe('the keys are fetched', () => {
  const requestsOf = async (changes: Partial<EntraVerifierOptions>): Promise<string[]> => {
    tenant.requests.length = 0;
    await outcome(ofUser(), create(changes));
    return [...tenant.requests];
  };
  const metadataOf = (directory: string, authority = 'https://login.microsoftonline.com') =>
    `${authority}/${directory}/v2.0/.well-known/openid-configuration`;

  it.each<[string, Partial<EntraVerifierOptions>, string]>([
    ['of the tenant', {}, metadataOf(TENANT)],
    ['of the only tenant, whatever its case', { tenants: TENANT.toUpperCase() }, metadataOf(TENANT)],
    ['common to several tenants', { tenants: [TENANT, OTHER_TENANT] }, metadataOf('common')],
    [
      'of another authority, without its slashes',
      { authority: 'https://login.example//' },
      metadataOf(TENANT, 'https://login.example'),
    ],
    ['that was given', { metadataUri: 'https://keys.example/metadata' }, 'https://keys.example/metadata'],
  ])('from the metadata %s', async (_which, changes, metadataUri) => {
    expect(await requestsOf(changes)).toEqual([metadataUri, JWKS_URI]);
  });

  it('from the key set itself, if that is given', async () => {
    expect(await requestsOf({ jwksUri: JWKS_URI })).toEqual([JWKS_URI]);
  });

  it.each(['keyCacheMs', 'keyRefreshMs', 'unknownKeyCooldownMs', 'keyFetchIntervalMs'])('not if %s is 0', (option) => {
    expect(() => create({ [option]: 0 })).toThrow(option);
  });

  it('and what onKeysError throws when they cannot be changes nothing', async () => {
    tenant.isDown = true;
    const report = vi.spyOn(console, 'error').mockReturnValue(undefined);
    const onKeysError = () => {
      throw new Error('hook');
    };
    expect(await outcome(ofUser(), create({ onKeysError }))).toBe('keys-unavailable');
    expect(report).toHaveBeenCalledOnce();
    report.mockRestore();
  });
});

describe('where users sign in', () => {
  it.each<[Partial<EntraVerifierOptions>, string]>([
    [{}, `https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/authorize`],
    [{ tenants: [TENANT, OTHER_TENANT] }, 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize'],
    [{ authority: 'http://localhost:4301/' }, `http://localhost:4301/${TENANT}/oauth2/v2.0/authorize`],
    [{ authority: 'http://127.0.0.1:1' }, `http://127.0.0.1:1/${TENANT}/oauth2/v2.0/authorize`],
    [{ authority: 'http://[::1]:1' }, `http://[::1]:1/${TENANT}/oauth2/v2.0/authorize`],
  ])('follows from the options: %j', (changes, expected) => {
    expect(create(changes).authorizationUri).toBe(expected);
  });

  it.each(['http://login.example', 'ftp://localhost', 'login.example', ''])('is never %j', (authority) => {
    expect(() => create({ authority })).toThrow(/must be an https URL/);
  });
});

describe('claims of unusual forms', () => {
  it.each<[string, Claims]>([
    ['malformed-token', { exp: '1' }],
    ['malformed-token', { exp: null }],
    ['malformed-token', { nbf: '1' }],
    ['malformed-token', { nbf: null }],
    ['malformed-token', { oid: '' }],
    ['malformed-token', { oid: 7 }],
    ['wrong-tenant', { tid: 7 }],
    ['wrong-audience', { aud: 7 }],
    ['no-permissions', { scp: ['Events.Read'] }],
    ['no-permissions', { scp: ' ' }],
    ['accepted', { nbf: undefined }],
    ['accepted', { roles: 7 }],
  ])('are %s: %j', async (code, changes) => {
    expect(await outcome(ofUser(changes))).toBe(code);
  });

  it('count as absent, and lists keep only their texts', async () => {
    const identity = await verifier.verify(
      await ofUser({
        name: 7,
        preferred_username: null,
        roles: ['Reader', 7, null],
        xms_cc: [7, 'cp1'],
        scp: ' Events.Read  Events.Write ',
      }),
    );
    expect(identity).toMatchObject({
      roles: ['Reader'],
      scopes: ['Events.Read', 'Events.Write'],
      supportsClaimsChallenge: true,
    });
    expect(Object.keys(identity)).not.toContain('name');
    expect(Object.keys(identity)).not.toContain('username');
    const single = await verifier.verify(await ofUser({ roles: 'Reader' }));
    expect(single.roles).toEqual(['Reader']);
  });

  it.each([
    [{ preferred_username: 'a', upn: 'b', unique_name: 'c' }, 'a'],
    [{ preferred_username: undefined, upn: 'b', unique_name: 'c' }, 'b'],
    [{ preferred_username: undefined, unique_name: 'c' }, 'c'],
  ])('name the user: %j', async (changes, username) => {
    expect((await verifier.verify(await ofUser(changes))).username).toBe(username);
  });

  it('are parsed at each access, and are those that were signed', async () => {
    const identity = await verifier.verify(await ofUser({ custom: { deep: [1] } }));
    expect(identity.claims.custom).toEqual({ deep: [1] });
    expect(identity.claims).not.toBe(identity.claims);
  });

  it('of a key without an issuer, or with that of version 1, are accepted for a token of version 1', async () => {
    for (const issuer of [undefined, 7, `https://sts.windows.net/${TENANT}/`, 'https://sts.windows.net/{tenantid}/']) {
      tenant.keys = [{ ...key.jwk, issuer } as (typeof tenant.keys)[0]];
      expect(await outcome(ofV1(), create())).toBe('accepted');
    }
    tenant.keys = [{ ...key.jwk, issuer: 'https://sts.windows.net/{tenantid}/' } as (typeof tenant.keys)[0]];
    expect(await outcome(ofUser(), create())).toBe('wrong-issuer');
  });

  it('end a session at exp if that is in the future, and with the tolerance at that very moment', async () => {
    const ends = async (exp: number) => (await verifier.verify(await ofUser({ exp }))).sessionDeadlineMs;
    expect(await ends(seconds() + 1)).toBe((seconds() + 1) * 1000);
    expect(await ends(seconds())).toBe((seconds() + 300) * 1000);
  });
});
