import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ALICE, CONTOSO, isPortInUseError, SAMPLE_API, SAMPLE_SPA, startEntraEmulator, v1Issuer } from './index.ts';
import type { EntraEmulator } from './index.ts';
import { claimsOf, redeem, TestBrowser } from './sign-in/sign-in.fixture.ts';

let emulator: EntraEmulator;

beforeAll(async () => {
  emulator = await startEntraEmulator();
});
afterAll(() => emulator.close());
beforeEach(() => emulator.reset());

describe('metadata and keys', () => {
  const read = async (path: string) => (await (await fetch(emulator.origin + path)).json()) as Record<string, unknown>;

  it('are per tenant, and a template for all of them', async () => {
    const own = await read(`/${CONTOSO.tenantId}/v2.0/.well-known/openid-configuration`);
    expect(own).toEqual(emulator.metadata(CONTOSO.tenantId));
    expect(own.issuer).toBe(`${emulator.origin}/${CONTOSO.tenantId}/v2.0`);
    expect(await read('/contoso.example/v2.0/.well-known/openid-configuration')).toEqual(own);
    const shared = await read('/organizations/v2.0/.well-known/openid-configuration');
    expect(shared.issuer).toBe(`${emulator.origin}/{tenantid}/v2.0`);
    const old = await read(`/${CONTOSO.tenantId}/.well-known/openid-configuration`);
    expect(old.issuer).toBe(v1Issuer(emulator.origin, CONTOSO.tenantId));
  });

  it('name the issuer of each key and no algorithm', async () => {
    const { keys } = (await read(`/${CONTOSO.tenantId}/discovery/v2.0/keys`)) as { keys: Record<string, string>[] };
    expect(keys.map(({ issuer }) => issuer)).toEqual([
      `${emulator.origin}/${CONTOSO.tenantId}/v2.0`,
      `${emulator.origin}/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0`,
    ]);
    for (const key of keys) expect(Object.keys(key).sort()).toEqual(['e', 'issuer', 'kid', 'kty', 'n', 'use']);
  });

  it('know no tenant that is not there', async () => {
    expect(await read('/nowhere.example/v2.0/.well-known/openid-configuration')).toMatchObject({
      error: 'invalid_tenant',
      error_codes: [90002],
    });
  });
});

describe('an emulator', () => {
  it('answers on 127.0.0.1 too, and to no other host name', async () => {
    const port = new URL(emulator.origin).port;
    expect((await fetch(`http://127.0.0.1:${port}/common/discovery/v2.0/keys`)).status).toBe(200);
    const { request } = await import('node:http');
    const status = await new Promise((resolve) => {
      const options = {
        host: '127.0.0.1',
        port,
        path: '/common/discovery/v2.0/keys',
        headers: { Host: 'evil.example' },
      };
      request(options, (response) => resolve(response.resume().statusCode)).end();
    });
    expect(status).toBe(403);
  });

  it('tells MSAL what it needs to know', () => {
    const auth = emulator.msalAuth({ tenantId: CONTOSO.tenantId, clientId: SAMPLE_SPA.clientId });
    expect(auth.authority).toBe(`${emulator.origin.replace('http', 'https')}/${CONTOSO.tenantId}`);
    expect(auth.knownAuthorities).toEqual([new URL(emulator.origin).host]);
    expect(JSON.parse(auth.authorityMetadata)).toEqual(emulator.metadata(CONTOSO.tenantId));
    expect(() => emulator.metadata('nowhere')).toThrow(/use one of/);
  });

  it('refuses a port that is taken, by name', async () => {
    const port = Number(new URL(emulator.origin).port);
    const error: unknown = await startEntraEmulator({ port }).catch((cause: unknown) => cause);
    expect(isPortInUseError(error) && [error.port, error.option]).toEqual([port, 'port']);
  });

  it.each([
    [{ accessTokenLifetimeMs: 10 }, /accessTokenLifetimeMs is "10"/],
    [{ tenants: [{ tenantId: 'contoso', displayName: 'C', domain: 'c.example' }] }, /give a guidPattern/],
    [{ users: [{ ...ALICE, tenantId: ALICE.oid }] }, /not among tenants/],
    [{ applications: [SAMPLE_SPA] }, /one of kind "api"/],
    [{ redirectOrigins: ['https://app.example/path'] }, /without a path/],
  ])('refuses the option %o with its correction', async (options, message) => {
    await expect(startEntraEmulator(options)).rejects.toThrow(message);
  });

  it('ends every connection at once when it closes, even one that waits, and closes twice', async () => {
    const other = await startEntraEmulator();
    other.failNext({ endpoint: 'keys', delayMs: 60_000 });
    const waiting = fetch(`${other.origin}/common/discovery/v2.0/keys`).then(
      () => 'answered',
      () => 'ended',
    );
    await expect.poll(() => fetch(`${other.controlOrigin}/health`).then(({ status }) => status)).toBe(200);
    await other.close();
    await other.close();
    expect(await waiting).toBe('ended');
    await expect(fetch(other.origin)).rejects.toThrow();
  });

  it('issues v1 tokens where the API wants them', async () => {
    const v1 = await startEntraEmulator({ applications: [SAMPLE_SPA, { ...SAMPLE_API, accessTokenVersion: 1 }] });
    const { body } = await redeem(v1, await new TestBrowser(v1).signIn());
    expect(claimsOf(body.access_token)).toMatchObject({
      ver: '1.0',
      aud: SAMPLE_API.appIdUri,
      iss: `${v1.origin}/sts/${CONTOSO.tenantId}/`,
      appid: SAMPLE_SPA.clientId,
      appidacr: '0',
      upn: ALICE.username,
      unique_name: ALICE.username,
      scp: 'Stream.Access',
    });
    expect(claimsOf(body.id_token).ver).toBe('2.0');
    await v1.close();
  });
});
