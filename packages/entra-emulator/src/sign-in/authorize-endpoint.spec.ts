import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ALICE,
  CAROL,
  CONTOSO,
  FABRIKAM,
  SAMPLE_API,
  SAMPLE_SCOPE,
  SAMPLE_SPA,
  startEntraEmulator,
  v2Issuer,
} from '../index.ts';
import type { EntraEmulator } from '../index.ts';
import { claimsOf, redeem, redirectUri, refresh, TestBrowser } from './sign-in.fixture.ts';

let time = 0;
let emulator: EntraEmulator;
let browser: TestBrowser;

beforeAll(async () => {
  time = Date.parse('2026-01-01T00:00:00Z');
  emulator = await startEntraEmulator({ now: () => time, redirectOrigins: ['https://app.example'] });
});
afterAll(() => emulator.close());
beforeEach(() => {
  emulator.reset();
  browser = new TestBrowser(emulator);
});

describe('a sign-in', () => {
  it('goes from the picker over a code to tokens, and on to fresh ones', async () => {
    const page = await browser.authorize();
    expect(page.response.status).toBe(200);
    expect(page.text).toContain('alice@contoso.example');
    expect(page.text).not.toContain('carol@fabrikam.example');

    const back = await browser.press(`pick:${ALICE.oid}`);
    expect(back.response.status).toBe(303);
    expect(back.location?.startsWith(`${redirectUri}#`)).toBe(true);
    expect(back.params.get('state')).toBe('state|with=signs');
    expect(JSON.parse(Buffer.from(back.params.get('client_info') ?? '', 'base64url').toString())).toEqual({
      uid: ALICE.oid,
      utid: CONTOSO.tenantId,
    });

    const first = await redeem(emulator, back.params.get('code') ?? '');
    expect(first.status).toBe(200);
    expect(first.headers.get('cache-control')).toBe('no-store');
    expect(first.body).toMatchObject({
      token_type: 'Bearer',
      scope: SAMPLE_SCOPE,
      expires_in: 3600,
      ext_expires_in: 3600,
      refresh_token_expires_in: 86_400,
      client_info: back.params.get('client_info'),
    });
    expect(claimsOf(first.body.id_token)).toMatchObject({ nonce: 'nonce-1', aud: SAMPLE_SPA.clientId, oid: ALICE.oid });

    const second = await refresh(emulator, first.body.refresh_token);
    expect(second.status).toBe(200);
    expect(second.body.access_token).not.toBe(first.body.access_token);
    expect(second.body.refresh_token).not.toBe(first.body.refresh_token);
  });

  it('signs in the user of emulator_user without a page, keeps the session, and asks for a second factor all the same', async () => {
    const back = await browser.authorize({ prompt: 'select_account', emulator_user: ALICE.username });
    expect(back.response.status).toBe(302);
    const { body } = await redeem(emulator, back.params.get('code') ?? '');
    expect(claimsOf(body.id_token)).toMatchObject({ oid: ALICE.oid });
    expect((await browser.authorize({ prompt: 'none' })).params.get('code')).not.toBeNull();

    expect((await browser.authorize({ emulator_user: CAROL.username })).text).toContain('Pick an account');
    expect((await browser.authorize({ emulator_user: 'nobody', prompt: 'select_account' })).text).toContain('Pick an');
    emulator.challengeUser(ALICE.username, 'c1');
    expect((await browser.authorize({ emulator_user: ALICE.username })).text).toContain('Confirm it is you');
  });

  it('issues v2 access tokens with the claims that Entra writes', async () => {
    const { body } = await redeem(emulator, await browser.signIn());
    const keys = createRemoteJWKSet(new URL(emulator.metadata(CONTOSO.tenantId).jwks_uri));
    const { payload } = await jwtVerify(body.access_token ?? '', keys, {
      issuer: v2Issuer(emulator.origin, CONTOSO.tenantId),
      audience: SAMPLE_API.clientId,
      algorithms: ['RS256'],
      currentDate: new Date(time),
    });
    const seconds = time / 1000;
    expect(payload).toEqual({
      aud: SAMPLE_API.clientId,
      iss: `${emulator.origin}/${CONTOSO.tenantId}/v2.0`,
      iat: seconds,
      nbf: seconds,
      exp: seconds + 3600,
      azp: SAMPLE_SPA.clientId,
      azpacr: '0',
      name: ALICE.displayName,
      oid: ALICE.oid,
      preferred_username: ALICE.username,
      roles: ['Stream.Admin'],
      scp: 'Stream.Access',
      sid: expect.any(String) as string,
      sub: expect.any(String) as string,
      tid: CONTOSO.tenantId,
      uti: expect.any(String) as string,
      ver: '2.0',
    });
    expect(payload.sub).not.toBe(claimsOf(body.id_token).sub);
    expect(decodeProtectedHeader(body.access_token ?? '')).toMatchObject({ alg: 'RS256', typ: 'JWT' });
  });

  it('answers in the query where the client asks for no fragment', async () => {
    await browser.authorize({ response_mode: undefined });
    const { location } = await browser.press(`pick:${ALICE.oid}`);
    const url = new URL(location ?? '');
    expect(url.hash).toBe('');
    expect(url.searchParams.get('code')).toBeTruthy();
  });

  it('offers the users of every tenant under common, and issues tokens for the tenant of the chosen user', async () => {
    const { text } = await browser.authorize({}, 'common');
    expect(text).toContain('carol@fabrikam.example');
    const { params } = await browser.press(`pick:${CAROL.oid}`);
    const { body } = await redeem(emulator, params.get('code') ?? '', {}, { tenant: 'common' });
    expect(claimsOf(body.access_token)).toMatchObject({ tid: FABRIKAM.tenantId, oid: CAROL.oid });
    const elsewhere = await redeem(emulator, await browser.signIn(CAROL, {}, 'common'));
    expect(elsewhere.body.error_codes).toEqual([700005]);
  });

  it('is refused by "Cancel" as access_denied', async () => {
    await browser.authorize();
    const { params } = await browser.press('cancel');
    expect(params.get('error')).toBe('access_denied');
    expect(params.get('error_description')).toMatch(/^AADSTS65004: /);
  });

  it('asks for consent where the client says prompt=consent', async () => {
    await browser.signIn();
    expect((await browser.authorize({ prompt: 'consent' })).text).toContain('Permissions requested');
    expect((await browser.press(`accept:${ALICE.oid}`)).params.has('code')).toBe(true);
  });

  it('keeps its pages out of caches and frames, and lets popups keep their opener', async () => {
    const { response } = await browser.authorize();
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(response.headers.has('cross-origin-opener-policy')).toBe(false);
  });

  it('takes its forms from its own pages only', async () => {
    await browser.authorize();
    const { response } = await browser.press(`pick:${ALICE.oid}`, { Origin: 'https://evil.example' });
    expect(response.status).toBe(403);
    expect(response.headers.has('set-cookie')).toBe(false);
  });

  it('escapes what the request chose', async () => {
    const { text } = await browser.authorize({ state: '"><script>alert(1)</script>' });
    expect(text).not.toContain('<script');
    const { params } = await browser.press(`pick:${ALICE.oid}`);
    expect(params.get('state')).toBe('"><script>alert(1)</script>');
  });

  it('gets a token for Graph, which no API may take, where no API is asked for', async () => {
    const { body } = await redeem(emulator, await browser.signIn(ALICE, { scope: 'openid profile' }), {
      scope: 'openid profile',
    });
    expect(claimsOf(body.access_token).aud).toBe('00000003-0000-0000-c000-000000000000');
    expect(body.refresh_token).toBeUndefined();
  });
});

describe('an authorize request', () => {
  it.each([
    'https://evil.example/',
    'http://localhost.evil.example:4200/',
    'http://localhost:4200@evil.example/',
    'http://evil.example@localhost:4200/',
    'https://localhost:4200/',
    'http://127.0.0.1:4200/',
    'http://localhost:4200/#fragment',
    '//evil.example',
    'javascript:alert(1)',
  ])('with the unregistered redirect URI %s gets a page, never a redirect', async (redirect_uri) => {
    const { response, text } = await browser.authorize({ redirect_uri });
    expect(response.status).toBe(400);
    expect(response.headers.has('location')).toBe(false);
    expect(text).toContain('AADSTS50011');
  });

  it('may return to any URL of an origin that was allowed', async () => {
    await browser.authorize({ redirect_uri: 'https://app.example/somewhere?a=b' });
    const { location } = await browser.press(`pick:${ALICE.oid}`);
    expect(location?.startsWith('https://app.example/somewhere?a=b#code=')).toBe(true);
  });

  it.each([
    ['an unknown client', { client_id: '00000000-0000-4000-8000-000000000000' }, 'AADSTS700016'],
    ['no client', { client_id: undefined }, 'AADSTS900144'],
  ])('of %s gets a page', async (_what, changes, code) => {
    const { response, text } = await browser.authorize(changes);
    expect(response.status).toBe(400);
    expect(text).toContain(code);
  });

  it.each([
    ['without PKCE', { code_challenge: undefined }, 'invalid_request', 'AADSTS9002325'],
    ['with PKCE in plain', { code_challenge_method: 'plain' }, 'invalid_request', 'AADSTS9002325'],
    ['with a challenge that is not a SHA-256 hash', { code_challenge: 'short' }, 'invalid_request', 'AADSTS501491'],
    ['with response_mode=form_post', { response_mode: 'form_post' }, 'invalid_request', 'AADSTS90023'],
    ['with response_type=token', { response_type: 'token' }, 'unsupported_response_type', 'AADSTS700054'],
    ['with an unknown prompt', { prompt: 'maybe' }, 'invalid_request', 'AADSTS90023'],
    ['with an unknown scope', { scope: `${SAMPLE_API.appIdUri}/Nope` }, 'invalid_scope', 'AADSTS70011'],
    ['with an unknown API', { scope: 'api://nowhere/Stream.Access' }, 'invalid_resource', 'AADSTS500011'],
    ['with malformed claims', { claims: '{' }, 'invalid_request', 'AADSTS9000410'],
  ])('%s gets the error at its redirect URI', async (_what, changes, error, code) => {
    const { params, response } = await browser.authorize(changes);
    expect(response.status).toBe(302);
    expect(params.get('error')).toBe(error);
    expect(params.get('error_description')).toContain(code);
    expect(params.get('state')).toBe('state|with=signs');
  });

  it('with a parameter that is there twice is refused', async () => {
    const url = `${emulator.origin}/common/oauth2/v2.0/authorize?client_id=a&client_id=b`;
    expect((await browser.visit(url)).text).toContain('AADSTS9000411');
  });
});

describe('prompt=none', () => {
  const none = { prompt: 'none' };

  it('is login_required without a session', async () => {
    const { params } = await browser.authorize(none);
    expect(params.get('error')).toBe('login_required');
    expect(params.get('error_description')).toMatch(/^AADSTS50058: .*Trace ID: .*Correlation ID: .*Timestamp: /);
    expect(params.get('error_codes')).toBe('50058');
  });

  it('gets a code with a session, for the only account or the one that was hinted at', async () => {
    const { body } = await redeem(emulator, await browser.signIn());
    const { login_hint, sid } = claimsOf(body.id_token) as { login_hint: string; sid: string };
    for (const hint of [{}, { login_hint: 'ALICE@contoso.example' }, { login_hint }, { sid }]) {
      expect((await browser.authorize({ ...none, ...hint })).params.has('code')).toBe(true);
    }
  });

  it('is login_required where the hint is of somebody who is not signed in', async () => {
    await browser.signIn();
    const { params } = await browser.authorize({ ...none, login_hint: 'bob@contoso.example' });
    expect(params.get('error')).toBe('login_required');
  });

  it('is interaction_required with two accounts and no hint', async () => {
    await browser.signIn(ALICE, {}, 'common');
    await browser.signIn(CAROL, {}, 'common');
    expect((await browser.authorize(none, 'common')).params.get('error')).toBe('interaction_required');
    expect((await browser.authorize({ ...none, login_hint: CAROL.username }, 'common')).params.has('code')).toBe(true);
  });

  it('is login_required after the sign-out', async () => {
    await browser.signIn();
    const target = 'http://localhost:4200/bye';
    const logout = `${emulator.origin}/${CONTOSO.tenantId}/oauth2/v2.0/logout`;
    const out = await browser.visit(`${logout}?post_logout_redirect_uri=${encodeURIComponent(target)}&state=s1`);
    expect(out.location).toBe(`${target}?state=s1`);
    expect((await browser.authorize(none)).params.get('error')).toBe('login_required');
  });

  it('never shows a page, as the log shows', async () => {
    await browser.signIn();
    emulator.clearRequestLog();
    await browser.authorize(none);
    expect(emulator.requestLog()).toEqual([
      {
        number: 1,
        at: '2026-01-01T00:00:00.000Z',
        endpoint: 'authorize',
        tenant: CONTOSO.tenantId,
        clientId: SAMPLE_SPA.clientId,
        prompt: 'none',
        outcome: 'code',
        username: ALICE.username,
      },
    ]);
  });
});

describe('a sign-out', () => {
  it('redirects to nobody who is not registered', async () => {
    const logout = `${emulator.origin}/common/oauth2/v2.0/logout?post_logout_redirect_uri=https://evil.example/`;
    const { response } = await browser.visit(logout);
    expect(response.status).toBe(200);
    expect(response.headers.has('location')).toBe(false);
  });

  it('signs out only the user of the hint', async () => {
    await browser.signIn(ALICE, {}, 'common');
    await browser.signIn(CAROL, {}, 'common');
    await browser.visit(`${emulator.origin}/common/oauth2/v2.0/logout?logout_hint=${CAROL.username}`);
    expect((await browser.authorize({ prompt: 'none' }, 'common')).params.has('code')).toBe(true);
  });
});
