import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestKey, createTestTenant, JWKS_URI } from './entra.fixture.ts';
import type { TestKey, TestTenant } from './entra.fixture.ts';
import { createSigningKeys } from './signing-keys.ts';
import type { SigningKeys, SigningKeysOptions } from './signing-keys.ts';
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
  source: SigningKeysOptions['source'] = { jwksUri: JWKS_URI },
  changes: Partial<SigningKeysOptions> = {},
) =>
  createSigningKeys({
    source,
    fetch: fetchKeys,
    clock: tenant.clock,
    cacheMs: 24 * HOUR_MS,
    refreshMs: HOUR_MS,
    unknownKeyCooldownMs: 5 * MINUTE_MS,
    fetchIntervalMs: 10_000,
    onError: (error) => errors.push(error),
    ...changes,
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

  it('are fetched again for a key that is new', async () => {
    await keys.find('k1');
    tenant.clock.advance(10_000);
    tenant.keys = [second.jwk];
    expect((await keys.find('k2'))?.kid).toBe('k2');
    expect(tenant.requests).toHaveLength(2);
  });

  it('are not fetched again for an invented one, which is refused for five minutes', async () => {
    await keys.find('k1');
    tenant.clock.advance(10_000);
    expect(await keys.find('forged')).toBeUndefined();
    expect(tenant.requests).toHaveLength(2);
    tenant.clock.advance(5 * MINUTE_MS - 1);
    expect(await keys.find('forged')).toBeUndefined();
    expect(tenant.requests).toHaveLength(2);
    tenant.clock.advance(1);
    expect(await keys.find('forged')).toBeUndefined();
    expect(tenant.requests).toHaveLength(3);
  });

  it('find a key that was just rolled, although tokens with invented keys came before', async () => {
    await keys.find('k1');
    tenant.clock.advance(10_000);
    expect(await keys.find('forged')).toBeUndefined();
    tenant.keys = [first.jwk, second.jwk];
    // It is not known yet: the client is told to retry, and not that its token is bad.
    await expect(keys.find('k2')).rejects.toMatchObject({ code: 'keys-unavailable', retryAfterMs: 10_000 });
    tenant.clock.advance(9_000);
    await expect(keys.find('k2')).rejects.toMatchObject({ code: 'keys-unavailable', retryAfterMs: 1_000 });
    tenant.clock.advance(1_000);
    expect((await keys.find('k2'))?.kid).toBe('k2');
    expect(tenant.requests).toHaveLength(3);
  });

  it('are fetched at most every ten seconds, however many are invented', async () => {
    await keys.find('k1');
    tenant.clock.advance(10_000);
    for (let count = 0; count < 1_000; count += 1) {
      await keys.find(`forged${count}`).catch(() => undefined);
      tenant.clock.advance(100);
    }
    // One, and then one in ten seconds of a hundred.
    expect(tenant.requests.length).toBeLessThanOrEqual(12);
    tenant.clock.advance(10_000);
    expect((await keys.find('k1'))?.kid).toBe('k1');
  });

  it('remember no more than a thousand invented ones', async () => {
    const lasting = create(tenant.fetch, { jwksUri: JWKS_URI }, { unknownKeyCooldownMs: 100 * HOUR_MS });
    await lasting.find('k1');
    for (let count = 0; count <= 1_000; count += 1) {
      tenant.clock.advance(10_000);
      await lasting.find(`forged${count}`);
    }
    const before = tenant.requests.length;
    expect(await lasting.find('forged1000')).toBeUndefined();
    expect(await lasting.find('forged1')).toBeUndefined();
    expect(tenant.requests).toHaveLength(before);
    tenant.clock.advance(10_000);
    expect(await lasting.find('forged0')).toBeUndefined();
    expect(tenant.requests).toHaveLength(before + 1);
  });

  it('that are being fetched are waited for by tokens of other keys, and judge them all', async () => {
    await keys.find('k1');
    tenant.clock.advance(10_000);
    tenant.keys = [first.jwk, second.jwk];
    const [forged, rolled] = await Promise.all([keys.find('forged'), keys.find('k2')]);
    expect([forged, rolled?.kid]).toEqual([undefined, 'k2']);
    expect(tenant.requests).toHaveLength(2);
  });

  it.each([-HOUR_MS, HOUR_MS])(
    'are fetched again ten seconds after a failure, though the time of day steps by %i ms',
    async (step) => {
      tenant.isDown = true;
      await expect(keys.find('k1')).rejects.toMatchObject({ code: 'keys-unavailable' });
      tenant.clock.step(step);
      tenant.isDown = false;
      tenant.clock.advance(9_999);
      await expect(keys.find('k1')).rejects.toMatchObject({ code: 'keys-unavailable', retryAfterMs: 1 });
      tenant.clock.advance(1);
      expect((await keys.find('k1'))?.kid).toBe('k1');
    },
  );

  it('are not fetched twice for one that is not in the set that was just fetched', async () => {
    expect(await keys.find('forged')).toBeUndefined();
    expect(tenant.requests).toHaveLength(1);
  });

  it('are refreshed in the background once they are an hour old, though the time of day is set back', async () => {
    await keys.find('k1');
    tenant.clock.step(-HOUR_MS);
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

  it('that cannot be fetched do not make a token invalid', async () => {
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

  it.each([
    ['http://login.microsoftonline.com/keys', /without https/],
    [undefined, /names no jwks_uri/],
    [42, /names no jwks_uri/],
  ])('do not come from %s, which https metadata names', async (jwksUri, message) => {
    const requests: string[] = [];
    const fetchKeys = (url: Parameters<typeof fetch>[0]) => {
      requests.push(url as string);
      return Promise.resolve(Response.json(requests.length === 1 ? { jwks_uri: jwksUri } : { keys: [first.jwk] }));
    };
    const metadataUri = 'https://login.microsoftonline.com/x/v2.0/.well-known/openid-configuration';
    await expect(create(fetchKeys, { metadataUri }).find('k1')).rejects.toMatchObject({
      code: 'keys-unavailable',
    });
    expect([requests, String(errors[0])]).toEqual([[metadataUri], expect.stringMatching(message)]);
  });

  it('may come from http metadata, which is allowed on this machine only', async () => {
    const metadataUri = 'http://localhost:1/.well-known/openid-configuration';
    const fetchKeys = (url: Parameters<typeof fetch>[0]) =>
      Promise.resolve(
        Response.json(url === metadataUri ? { jwks_uri: 'http://localhost:1/keys' } : { keys: [first.jwk] }),
      );
    expect((await create(fetchKeys, { metadataUri }).find('k1'))?.kid).toBe('k1');
  });

  it.each([
    [{ kid: 7 }, false],
    [{ kty: 'EC' }, false],
    [{ use: 'enc' }, false],
    [{ use: undefined }, true],
    [{ alg: 'RS512' }, false],
    [{ alg: 'RS256' }, true],
    [{ alg: undefined }, true],
  ])('with %j beside others in the set: taken is %s', async (changes, isTaken) => {
    tenant.keys = [second.jwk, null as never, 'text' as never, { ...first.jwk, ...changes } as never];
    expect((await keys.find('k1')) !== undefined).toBe(isTaken);
    expect((await keys.find('k2'))?.kid).toBe('k2');
  });

  it('are imported once, from their public half', async () => {
    tenant.keys = [{ ...first.jwk, d: 'a private exponent that should never have been there' }];
    const key = await keys.find('k1');
    const cryptoKey = await key?.cryptoKey();
    expect([cryptoKey?.type, await key?.cryptoKey()]).toEqual(['public', cryptoKey]);
  });

  it.each([
    ['an array', () => Response.json([1])],
    ['null', () => Response.json(null)],
  ])('do not come from %s', async (_what, answer) => {
    await expect(create(() => Promise.resolve(answer())).find('k1')).rejects.toMatchObject({
      code: 'keys-unavailable',
    });
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
