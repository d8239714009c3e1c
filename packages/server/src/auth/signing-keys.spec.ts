import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestKey, createTestTenant, JWKS_URI } from './entra.fixture.ts';
import type { TestKey, TestTenant } from './entra.fixture.ts';
import { createSigningKeys } from './signing-keys.ts';
import type { SigningKeys } from './signing-keys.ts';
import { settle } from '../core/tick.fixture.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
let first: TestKey;
let second: TestKey;
let tenant: TestTenant;
let errors: unknown[];
let keys: SigningKeys;

const create = (
  fetchKeys: typeof fetch = tenant.fetch,
  source: Parameters<typeof createSigningKeys>[0]['source'] = { jwksUri: JWKS_URI },
) =>
  createSigningKeys({
    source,
    fetch: fetchKeys,
    clock: tenant.clock,
    cacheMs: 24 * HOUR_MS,
    refreshMs: HOUR_MS,
    unknownKeyCooldownMs: 5 * MINUTE_MS,
    onError: (error) => errors.push(error),
  });

beforeAll(async () => {
  [first, second] = await Promise.all([createTestKey('k1'), createTestKey('k2')]);
});
beforeEach(() => {
  tenant = createTestTenant(first);
  errors = [];
  keys = create();
});

describe('signing keys', () => {
  it('are fetched once, however many ask', async () => {
    const found = await Promise.all(Array.from({ length: 20 }, () => keys.find('k1')));
    expect(found.every((key) => key?.kid === 'k1')).toBe(true);
    expect(tenant.requests).toEqual([JWKS_URI]);
  });

  it('are where the metadata says', async () => {
    const metadataUri = 'https://login.microsoftonline.com/x/v2.0/.well-known/openid-configuration';
    expect((await create(tenant.fetch, { metadataUri }).find('k1'))?.kid).toBe('k1');
    expect(tenant.requests).toEqual([metadataUri, JWKS_URI]);
  });

  it('are fetched again for a key that is new, and at most every five minutes', async () => {
    await keys.find('k1');
    tenant.keys = [second.jwk];
    expect((await keys.find('k2'))?.kid).toBe('k2');
    expect(tenant.requests).toHaveLength(2);
    for (let count = 0; count < 50; count += 1) expect(await keys.find(`forged${count}`)).toBeUndefined();
    expect(tenant.requests).toHaveLength(2);
    tenant.clock.advance(5 * MINUTE_MS);
    expect(await keys.find('forged')).toBeUndefined();
    expect(tenant.requests).toHaveLength(3);
  });

  it('are not fetched twice for one that is not in the set that was just fetched', async () => {
    expect(await keys.find('forged')).toBeUndefined();
    expect(tenant.requests).toHaveLength(1);
  });

  it('are refreshed in the background once they are an hour old', async () => {
    await keys.find('k1');
    tenant.clock.advance(HOUR_MS + 1);
    tenant.keys = [first.jwk, second.jwk];
    await keys.find('k1');
    await settle();
    expect(tenant.requests).toHaveLength(2);
    expect((await keys.find('k2'))?.kid).toBe('k2');
    expect(tenant.requests).toHaveLength(2);
  });

  it('stay as they last were when the issuer fails, even for days', async () => {
    await keys.find('k1');
    tenant.isDown = true;
    tenant.clock.advance(72 * HOUR_MS);
    expect((await keys.find('k1'))?.kid).toBe('k1');
    expect(errors).toHaveLength(1);
    tenant.isDown = false;
    tenant.keys = [second.jwk];
    tenant.clock.advance(MINUTE_MS);
    expect(await keys.find('k1')).toBeUndefined();
  });

  it('that cannot be fetched are no reason to call a token false', async () => {
    tenant.isDown = true;
    await expect(keys.find('k1')).rejects.toMatchObject({ code: 'keys-unavailable', retryAfterMs: 10_000 });
    await expect(keys.find('k1')).rejects.toMatchObject({ code: 'keys-unavailable' });
    expect(tenant.requests).toHaveLength(1);
    tenant.isDown = false;
    tenant.clock.advance(10_000);
    expect((await keys.find('k1'))?.kid).toBe('k1');
    tenant.isDown = true;
    await expect(keys.find('k2')).rejects.toMatchObject({ code: 'keys-unavailable' });
  });

  it.each([
    ['too large', () => new Response('x'.repeat(2_000_000))],
    ['no JSON', () => new Response('<html>')],
    ['an error', () => new Response('', { status: 500 })],
    ['empty', () => Response.json({ keys: [] })],
    [
      'without an RSA signing key',
      () =>
        Response.json({
          keys: [
            { kid: 'k1', kty: 'oct', k: 'c2VjcmV0' },
            { ...first.jwk, use: 'enc' },
          ],
        }),
    ],
  ])('do not come from an answer that is %s', async (_what, answer) => {
    await expect(create(() => Promise.resolve(answer())).find('k1')).rejects.toMatchObject({
      code: 'keys-unavailable',
    });
    expect(errors).toHaveLength(1);
  });

  it('are not waited for longer than five seconds', async () => {
    const waiting = create(() => new Promise(() => undefined)).find('k1');
    const refused = expect(waiting).rejects.toMatchObject({ code: 'keys-unavailable' });
    tenant.clock.advance(5_000);
    await refused;
    expect(tenant.clock.timerCount).toBe(0);
  });

  it('are not asked for across a redirect', async () => {
    let redirect: RequestRedirect | undefined;
    await create((_url, init) => {
      redirect = init?.redirect;
      return Promise.resolve(Response.json({ keys: [first.jwk] }));
    }).find('k1');
    expect(redirect).toBe('error');
  });
});
