import { createPublicKey } from 'node:crypto';
import type { webcrypto } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, exportSPKI, importJWK, jwtVerify } from 'jose';
import type { JWK } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ALICE, CONTOSO, FABRIKAM, SAMPLE_API, SAMPLE_SPA, startEntraEmulator, v1Issuer, v2Issuer } from '../index.ts';
import type { EntraEmulator, MintRequest } from '../index.ts';
import { claimsOf, redeem, refresh, TestBrowser } from '../sign-in/sign-in.fixture.ts';

let emulator: EntraEmulator;

beforeAll(async () => {
  emulator = await startEntraEmulator();
});
afterAll(() => emulator.close());
beforeEach(() => emulator.reset());

async function control(operation: string, body?: unknown, headers: Record<string, string> = {}) {
  const [method = '', path = ''] = operation.split(' ');
  const response = await fetch(emulator.controlOrigin + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function published(): Promise<(JWK & { issuer: string })[]> {
  const response = await fetch(`${emulator.origin}/${CONTOSO.tenantId}/discovery/v2.0/keys`);
  return ((await response.json()) as { keys: (JWK & { issuer: string })[] }).keys;
}

/** What a right verifier does. */
function verify(token: string) {
  const jwks = createRemoteJWKSet(new URL(emulator.metadata(CONTOSO.tenantId).jwks_uri));
  return jwtVerify(token, jwks, {
    issuer: v2Issuer(emulator.origin, CONTOSO.tenantId),
    audience: SAMPLE_API.clientId,
    algorithms: ['RS256'],
  });
}

describe('the control API', () => {
  it('lists what it can do', async () => {
    const { body } = await control('GET /');
    const operations = (body as unknown as { operations: { at: string }[] }).operations.map(({ at }) => at);
    expect(operations).toEqual([
      'GET /health',
      'GET /users',
      'GET /log',
      'DELETE /log',
      'POST /access-token-lifetime',
      'POST /rotate-keys',
      'POST /users/:username/revoke',
      'POST /users/:username/restore',
      'POST /users/:username/claims-challenge',
      'DELETE /users/:username/claims-challenge',
      'POST /fail-next',
      'POST /tokens',
      'POST /reset',
    ]);
    expect(await control('GET /health')).toEqual({ status: 200, body: { status: 'ok', origin: emulator.origin } });
  });

  it('is not on the port of the identity provider', async () => {
    expect((await fetch(`${emulator.origin}/health`)).status).toBe(404);
    expect((await fetch(`${emulator.origin}/tokens`, { method: 'POST' })).status).toBe(404);
  });

  it.each([
    ['GET /nothing', undefined, 404, /GET \/ lists/],
    ['POST /users/nobody@contoso.example/revoke', undefined, 404, /use one of alice@contoso.example/],
    ['POST /users/%E0/revoke', undefined, 400, /percent-encoded/],
    ['POST /users/alice@contoso.example/claims-challenge', { acrs: 'mfa' }, 400, /"c1" to "c99"/],
    ['POST /access-token-lifetime', { ms: 5 }, 400, /1000 to 86400000/],
    ['POST /access-token-lifetime', { seconds: 5 }, 400, /"seconds" is not a field of this operation: use ms/],
    ['POST /access-token-lifetime', 'ten', 400, /not valid JSON/],
    ['POST /access-token-lifetime', [], 400, /JSON object/],
    ['POST /rotate-keys', { forget: 'yes' }, 400, /true or false/],
    ['POST /fail-next', { endpoint: 'everything' }, 400, /one of authorize, token, keys, metadata/],
    ['POST /fail-next', { endpoint: 'token' }, 400, /Give at least one of/],
    ['POST /fail-next', { endpoint: 'token', status: 200 }, 400, /from 400 to 599/],
    ['POST /fail-next', { endpoint: 'token', delayMs: 1e9 }, 400, /from 0 to 60000/],
    ['POST /tokens', {}, 400, /Give "username"/],
    ['POST /tokens', { username: 'alice@contoso.example', version: 3 }, 400, /one of 1, 2/],
    ['POST /tokens', { username: 'alice@contoso.example', omit: 'exp' }, 400, /array of strings/],
    ['GET /tokens', undefined, 405, /Use POST/],
  ])('answers %s with %o by saying what to do', async (operation, sent, status, message) => {
    const answer = await control(operation, sent);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toMatch(message);
  });

  it('refuses pages of other origins, forms, and names that were rebound', async () => {
    expect((await control('POST /reset', undefined, { Origin: 'https://evil.example' })).status).toBe(403);
    expect((await control('GET /log', undefined, { Origin: 'null' })).status).toBe(403);
    expect((await control('GET /log', undefined, { Origin: emulator.origin })).status).toBe(403);
    expect((await control('GET /log', undefined, { 'Sec-Fetch-Site': 'same-site' })).status).toBe(403);
    const form = { 'Content-Type': 'text/plain' };
    expect((await control('POST /tokens', '{"username":"alice@contoso.example"}', form)).status).toBe(415);

    const { port } = new URL(emulator.controlOrigin);
    const status = await new Promise((resolve) => {
      const options = { host: '127.0.0.1', port, path: '/log', headers: { Host: `evil.example:${port}` } };
      httpRequest(options, (response) => resolve(response.resume().statusCode)).end();
    });
    expect(status).toBe(403);
  });

  it('refuses a body that is too long', async () => {
    expect((await control('POST /tokens', { username: 'x'.repeat(70_000) })).status).toBe(413);
  });

  it('sets the lifetime of access tokens', async () => {
    expect(await control('POST /access-token-lifetime', { ms: 10_000 })).toEqual({ status: 200, body: { ok: true } });
    const { body } = await redeem(emulator, await new TestBrowser(emulator).signIn());
    const { iat = 0, exp = 0 } = claimsOf(body.access_token);
    expect([exp - iat, body.expires_in]).toEqual([10, 10]);
  });

  it('revokes, restores, challenges and lists users', async () => {
    const user = '/users/alice%40contoso.example';
    const { body } = await redeem(emulator, await new TestBrowser(emulator).signIn());
    await control(`POST ${user}/claims-challenge`, { acrs: 'c1' });
    expect((await refresh(emulator, body.refresh_token)).body.error).toBe('interaction_required');
    await control(`DELETE ${user}/claims-challenge`);
    expect((await refresh(emulator, body.refresh_token)).status).toBe(200);
    await control(`POST ${user}/revoke`);
    expect((await refresh(emulator, body.refresh_token)).body.error_codes).toEqual([50173]);
    const { users } = (await control('GET /users')).body as unknown as { users: { state: string }[] };
    expect(users[0]).toEqual({ ...ALICE, state: 'revoked', challenges: [] });
    await control(`POST ${user}/restore`);
    expect(emulator.users()[0]?.state).toBe('active');
  });

  it('tells what was asked for, and never a token or code', async () => {
    const browser = new TestBrowser(emulator);
    const code = await browser.signIn();
    const { body } = await redeem(emulator, code);
    await refresh(emulator, body.refresh_token);
    await refresh(emulator, 'sekret', { grant_type: 'sekret' });
    const log = (await control('GET /log')).body as unknown as { entries: Record<string, unknown>[] };
    expect(
      log.entries.map(({ endpoint, grantType, prompt, outcome }) => [endpoint, grantType ?? prompt, outcome]),
    ).toEqual([
      ['authorize', 'select_account', 'page:account-picker'],
      ['login', 'select_account', 'code'],
      ['token', 'authorization_code', 'tokens'],
      ['token', 'refresh_token', 'tokens'],
      ['token', 'other', 'error:unsupported_grant_type'],
    ]);
    const text = JSON.stringify(log);
    for (const secret of [code, body.access_token, body.refresh_token, browser.cookie.split('=')[1], 'sekret']) {
      expect(text).not.toContain(secret);
    }
    await control('DELETE /log');
    expect(emulator.requestLog()).toEqual([]);
  });

  it('keeps 500 entries of the log', async () => {
    for (let i = 0; i < 30; i++) {
      await Promise.all(Array.from({ length: 40 }, () => fetch(`${emulator.origin}/common/discovery/v2.0/keys`)));
    }
    const numbers = emulator.requestLog().map(({ number }) => number);
    expect([numbers.length, numbers[0], numbers.at(-1)]).toEqual([500, 701, 1200]);
  });
});

describe('a fault', () => {
  it('answers as told, as often as told', async () => {
    await control('POST /fail-next', { endpoint: 'keys', status: 503, count: 2, retryAfterMs: 1500 });
    const statuses = [];
    for (let i = 0; i < 3; i++) {
      const response = await fetch(`${emulator.origin}/common/discovery/v2.0/keys`);
      statuses.push([response.status, response.headers.get('retry-after')]);
    }
    expect(statuses).toEqual([
      [503, '2'],
      [503, '2'],
      [200, null],
    ]);
  });

  it('at the token endpoint has the shape and the CORS of an answer there', async () => {
    emulator.failNext({ endpoint: 'token', error: 'invalid_grant', retryAfterMs: 1000 });
    const headers = { Origin: 'http://localhost:4200' };
    const answer = await redeem(emulator, 'any', {}, { headers });
    expect([answer.status, answer.body.error, answer.body.error_codes]).toEqual([400, 'invalid_grant', [90033]]);
    expect(answer.headers.get('access-control-allow-origin')).toBe('http://localhost:4200');
    expect(answer.headers.get('access-control-expose-headers')).toBe('Retry-After');
  });

  it('at the authorize endpoint travels in the redirect, or is a page', async () => {
    const browser = new TestBrowser(emulator);
    emulator.failNext({ endpoint: 'authorize', error: 'server_error' });
    expect((await browser.authorize({ prompt: 'none' })).params.get('error')).toBe('server_error');
    emulator.failNext({ endpoint: 'authorize', status: 500 });
    expect((await browser.authorize()).response.status).toBe(500);
  });

  it('may close the connection, or only wait', async () => {
    const waits: number[] = [];
    const other = await startEntraEmulator({ delay: (ms) => (waits.push(ms), Promise.resolve()) });
    const url = `${other.origin}/common/v2.0/.well-known/openid-configuration`;
    other.failNext({ endpoint: 'metadata', kind: 'disconnect' });
    other.failNext({ endpoint: 'metadata', delayMs: 700 });
    await expect(fetch(url)).rejects.toThrow();
    expect((await fetch(url)).status).toBe(200);
    expect(waits).toEqual([700]);
    await other.close();
  });

  it('is refused when too many wait', () => {
    for (let i = 0; i < 100; i++) emulator.failNext({ endpoint: 'keys', status: 500 });
    expect(() => emulator.failNext({ endpoint: 'keys', status: 500 })).toThrow(
      expect.objectContaining({ code: 'too-many-faults', status: 429 }),
    );
  });

  it('is refused by the control API with 429 and a code when too many are pending', async () => {
    for (let i = 0; i < 100; i++) emulator.failNext({ endpoint: 'keys', status: 500 });
    const { status, body } = await control('POST /fail-next', { endpoint: 'keys', status: 500 });
    expect([status, body.code]).toEqual([429, 'too-many-faults']);
  });
});

describe('rotated keys', () => {
  it('sign with a new one, while tokens of the old one stay verifiable', async () => {
    const before = await emulator.mintToken({ username: ALICE.username });
    const { body } = await control('POST /rotate-keys', {});
    const after = await emulator.mintToken({ username: ALICE.username });
    expect(decodeProtectedHeader(after).kid).toBe(body.kid);
    expect(decodeProtectedHeader(before).kid).not.toBe(body.kid);
    await verify(before);
    await verify(after);
  });

  it('are gone where they are to be forgotten', async () => {
    const before = await emulator.mintToken({ username: ALICE.username });
    await control('POST /rotate-keys', { forget: true });
    await expect(verify(before)).rejects.toThrow(/no applicable key/);
    await verify(await emulator.mintToken({ username: ALICE.username }));
  });

  it('are bounded', async () => {
    for (let i = 0; i < 10; i++) await emulator.rotateKeys();
    expect(await published()).toHaveLength(10);
  }, 30_000);
});

describe('a minted token', () => {
  const mint = async (request: Omit<MintRequest, 'username'> = {}) => {
    const { status, body } = await control('POST /tokens', { username: 'alice@contoso.example', ...request });
    expect(status).toBe(200);
    return body.access_token as string;
  };

  it('is right unless told otherwise', async () => {
    const { payload } = await verify(await mint());
    expect(payload).toMatchObject({ oid: ALICE.oid, scp: 'Stream.Access', azp: SAMPLE_SPA.clientId, ver: '2.0' });
  });

  it.each<[string, Omit<MintRequest, 'username'>, RegExp]>([
    ['another audience', { audience: 'api://another' }, /unexpected "aud"/],
    ['another issuer', { issuer: 'https://evil.example/v2.0' }, /unexpected "iss"/],
    ['another tenant', { tenantId: FABRIKAM.tenantId }, /unexpected "iss"/],
    ['an end in the past', { lifetimeMs: -400_000 }, /"exp" claim timestamp check failed/],
    ['a beginning in the future', { notBefore: 4_000_000_000 }, /"nbf" claim timestamp check failed/],
    ['an unknown key', { signedBy: 'unknown' }, /no applicable key/],
    [
      "the current key's name on an unknown key",
      { signedBy: 'unknown', kid: 'current' },
      /signature verification failed/,
    ],
    ['no signature', { algorithm: 'none' }, /Algorithm" header|"alg"/],
    ['HS256 by the public key', { algorithm: 'HS256-with-public-key' }, /"alg"/],
    ['v1 claims', { version: 1 }, /unexpected "(iss|aud)"/],
  ])('with %s is refused by a right verifier', async (_what, request, message) => {
    const [key] = await published();
    const kid = request.kid === undefined ? {} : { kid: key?.kid ?? '' };
    await expect(verify(await mint({ ...request, ...kid }))).rejects.toThrow(message);
  });

  it('with another tenant names it in tid and iss', async () => {
    const claims = decodeJwt(await mint({ tenantId: FABRIKAM.tenantId }));
    expect(claims).toMatchObject({ tid: FABRIKAM.tenantId, iss: v2Issuer(emulator.origin, FABRIKAM.tenantId) });
  });

  it("by the foreign key has a good signature, by a key of another issuer's", async () => {
    const token = await mint({ signedBy: 'foreign' });
    await verify(token);
    const key = (await published()).find(({ kid }) => kid === decodeProtectedHeader(token).kid);
    expect(key?.issuer).not.toBe(decodeJwt(token).iss);
  });

  it('by HS256 has the PEM of the public key for its secret', async () => {
    const token = await mint({ algorithm: 'HS256-with-public-key' });
    const { kid, alg } = decodeProtectedHeader(token);
    expect(alg).toBe('HS256');
    const jwk = (await published()).find((key) => key.kid === kid) ?? {};
    const pem = await exportSPKI((await importJWK(jwk, 'RS256')) as webcrypto.CryptoKey);
    expect(createPublicKey(pem).type).toBe('public');
    await jwtVerify(token, new TextEncoder().encode(pem));
  });

  it('without signature says so', async () => {
    const token = await mint({ algorithm: 'none' });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'none' });
    expect(token.endsWith('.')).toBe(true);
  });

  it('may lack claims, and may have others', async () => {
    const none = decodeJwt(await mint({ scopes: [] }));
    expect(none.scp).toBeUndefined();
    const claims = { xms_cc: ['cp1'], roles: ['Other'], tid: 'none', scp: 'Other' };
    const other = decodeJwt(await mint({ scopes: [], claims, omit: ['exp', 'oid'] }));
    expect(other).toMatchObject(claims);
    expect(other.exp).toBeUndefined();
    expect(other.oid).toBeUndefined();
  });

  it('of v1 has the audience and issuer of v1', async () => {
    expect(decodeJwt(await mint({ version: 1 }))).toMatchObject({
      ver: '1.0',
      aud: SAMPLE_API.appIdUri,
      iss: v1Issuer(emulator.origin, CONTOSO.tenantId),
    });
  });
});
