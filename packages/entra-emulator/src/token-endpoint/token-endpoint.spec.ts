import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ALICE, SAMPLE_API, SAMPLE_DAEMON, SAMPLE_SCOPE, SAMPLE_SPA, startEntraEmulator } from '../index.ts';
import type { EntraEmulator } from '../index.ts';
import { claimsOf, postToken, redeem, refresh, TestBrowser, unknownCode } from '../sign-in/sign-in.fixture.ts';

const hour = 3_600_000;
const otherSpa = { ...SAMPLE_SPA, clientId: '07e25fa0-0000-4000-8000-000000000001' };
let time = 0;
let emulator: EntraEmulator;
let browser: TestBrowser;

beforeAll(async () => {
  time = Date.parse('2026-01-01T00:00:00Z');
  emulator = await startEntraEmulator({
    now: () => time,
    applications: [SAMPLE_SPA, otherSpa, SAMPLE_API, SAMPLE_DAEMON],
  });
});
afterAll(() => emulator.close());
beforeEach(() => {
  emulator.reset();
  browser = new TestBrowser(emulator);
});

describe('a code', () => {
  it('is good once', async () => {
    const code = await browser.signIn();
    expect((await redeem(emulator, code)).status).toBe(200);
    const again = await redeem(emulator, code);
    expect(again.status).toBe(400);
    expect(again.body).toMatchObject({ error: 'invalid_grant', error_codes: [54005] });
  });

  it('is good for a minute', async () => {
    const code = await browser.signIn();
    time += 60_000;
    expect((await redeem(emulator, code)).body).toMatchObject({ error: 'invalid_grant', error_codes: [70008] });
  });

  it.each([
    ['another verifier', { code_verifier: 'w'.repeat(43) }, 501481],
    ['a verifier that is too short', { code_verifier: 'w' }, 501481],
    ['no verifier', { code_verifier: undefined }, 900144],
    ['another redirect URI', { redirect_uri: 'http://localhost:4200/other' }, 50011],
    ['another client', { client_id: otherSpa.clientId }, 700005],
    ['an unknown client', { client_id: '00000000-0000-4000-8000-000000000000' }, 700016],
  ])('is refused with %s', async (_what, changes, code) => {
    const { status, body } = await redeem(emulator, await browser.signIn(), changes);
    expect(status).toBe(400);
    expect(body.error_codes).toEqual([code]);
  });

  it('is refused with a verifier that is too short, even where its hash is right', async () => {
    const code_challenge = createHash('sha256').update('short').digest('base64url');
    const { body } = await redeem(emulator, await browser.signIn(ALICE, { code_challenge }), {
      code_verifier: 'short',
    });
    expect(body.error_codes).toEqual([501481]);
  });

  it('is spent by a wrong verifier', async () => {
    const code = await browser.signIn();
    await redeem(emulator, code, { code_verifier: 'w'.repeat(43) });
    expect((await redeem(emulator, code)).body.error_codes).toEqual([54005]);
  });

  it('that was never issued is refused', async () => {
    expect((await redeem(emulator, unknownCode())).body.error).toBe('invalid_grant');
  });
});

describe('a refresh token', () => {
  it('has a fixed end, that its successors share', async () => {
    const { body: first } = await redeem(emulator, await browser.signIn());
    time += 23 * hour;
    const { body: second } = await refresh(emulator, first.refresh_token);
    expect(second.refresh_token_expires_in).toBe(3600);
    time += hour;
    const { status, body } = await refresh(emulator, second.refresh_token);
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: 'invalid_grant', suberror: 'bad_token', error_codes: [700084] });
    expect(body.error_description).toContain('1.00:00:00');
  });

  it('stays good after its use, because two tabs may renew at once', async () => {
    const { body } = await redeem(emulator, await browser.signIn());
    const both = await Promise.all([refresh(emulator, body.refresh_token), refresh(emulator, body.refresh_token)]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('of a revoked user is refused, before and after the user is restored', async () => {
    const { body } = await redeem(emulator, await browser.signIn());
    emulator.revokeUser('alice@contoso.example');
    const refused = await refresh(emulator, body.refresh_token);
    expect(refused.body).toMatchObject({ error: 'invalid_grant', suberror: 'bad_token', error_codes: [50173] });
    expect((await browser.authorize({ prompt: 'none' })).params.get('error')).toBe('login_required');
    await browser.authorize();
    expect((await browser.press(`pick:${ALICE.oid}`)).text).toContain('AADSTS50057');

    emulator.restoreUser('alice@contoso.example');
    expect((await refresh(emulator, body.refresh_token)).status).toBe(400);
    const again = await redeem(emulator, await browser.signIn());
    expect((await refresh(emulator, again.body.refresh_token)).status).toBe(200);
  });

  it('is refused to another client', async () => {
    const { body } = await redeem(emulator, await browser.signIn());
    const refused = await refresh(emulator, body.refresh_token, { client_id: otherSpa.clientId });
    expect(refused.body).toMatchObject({ error: 'invalid_grant', suberror: 'client_mismatch' });
  });

  it('that was altered is refused', async () => {
    const { body } = await redeem(emulator, await browser.signIn());
    const refused = await refresh(emulator, `${body.refresh_token ?? ''}A`);
    expect(refused.body).toMatchObject({ error: 'invalid_grant', error_codes: [70000] });
  });
});

describe('the token endpoint', () => {
  it('lets pages of the application read it, with what they must see of it, and no others', async () => {
    const url = `${emulator.origin}/common/oauth2/v2.0/token`;
    const preflight = (origin: string) =>
      fetch(url, { method: 'OPTIONS', headers: { Origin: origin, 'Access-Control-Request-Headers': 'x-client-sku' } });
    const allowed = await preflight('http://localhost:4200');
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('http://localhost:4200');
    expect(allowed.headers.get('access-control-allow-headers')).toBe('x-client-sku');
    expect(allowed.headers.get('vary')).toBe('Origin');
    const refused = await preflight('https://evil.example');
    expect(refused.status).toBe(403);
    expect(refused.headers.has('access-control-allow-origin')).toBe(false);

    const origin = { headers: { Origin: 'https://evil.example' } };
    const { body, headers } = await redeem(emulator, await browser.signIn(), {}, origin);
    expect(body.error_codes).toEqual([9002326]);
    expect(headers.has('access-control-allow-origin')).toBe(false);
  });

  it('dresses a refusal as Entra does', async () => {
    const correlation = 'c0ffee00-0000-4000-8000-000000000001';
    const { body } = await postToken(emulator, { grant_type: 'password', 'client-request-id': correlation });
    expect(body).toEqual({
      error: 'unsupported_grant_type',
      error_description: expect.stringMatching(
        /^AADSTS70003: .* Trace ID: [0-9a-f-]{36} Correlation ID: c0ffee00-.* Timestamp: 20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ$/,
      ) as string,
      error_codes: [70003],
      timestamp: expect.any(String) as string,
      trace_id: expect.any(String) as string,
      correlation_id: correlation,
      error_uri: `${emulator.origin}/error?code=70003`,
    });
  });

  it('takes forms only, and short ones', async () => {
    const url = `${emulator.origin}/common/oauth2/v2.0/token`;
    expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(415);
    const long = new URLSearchParams({ grant_type: 'x'.repeat(70_000) });
    expect((await fetch(url, { method: 'POST', body: long })).status).toBe(413);
    expect((await fetch(url)).status).toBe(405);
  });

  it('knows the API by its client ID too, and by .default', async () => {
    for (const scope of [`${SAMPLE_API.clientId}/Stream.Access`, `${SAMPLE_API.appIdUri}/.default`]) {
      const { body } = await redeem(emulator, await browser.signIn(ALICE, { scope }));
      expect(claimsOf(body.access_token)).toMatchObject({ aud: SAMPLE_API.clientId, scp: 'Stream.Access' });
      expect(body.scope?.split(' ')[0]).toBe(scope.replace('.default', 'Stream.Access'));
    }
  });

  it('gives a daemon an app-only token for its secret', async () => {
    const ask = (changes: Record<string, string> = {}) =>
      postToken(emulator, {
        grant_type: 'client_credentials',
        client_id: SAMPLE_DAEMON.clientId,
        client_secret: SAMPLE_DAEMON.secret,
        scope: `${SAMPLE_API.appIdUri}/.default`,
        ...changes,
      });
    const { body } = await ask();
    const claims = claimsOf(body.access_token);
    expect(claims).toMatchObject({ idtyp: 'app', roles: ['Stream.Publish'], oid: SAMPLE_DAEMON.servicePrincipalId });
    expect(claims.scp).toBeUndefined();
    expect(body.refresh_token).toBeUndefined();
    expect(await ask({ client_secret: 'wrong' })).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect((await ask({ scope: SAMPLE_SCOPE })).body.error_codes).toEqual([1002012]);
  });
});
