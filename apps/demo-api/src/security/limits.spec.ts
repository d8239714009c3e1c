import { describe, expect, it } from 'vitest';
import { withApi } from '../with-api.fixture.ts';

const page = { Origin: 'http://localhost:4200' };

async function expectRefusal(response: Response): Promise<void> {
  const wait = Number(response.headers.get('Retry-After'));
  expect([response.status, await response.json()]).toMatchObject([429, { code: 'too-many-requests' }]);
  expect([wait >= 1, wait <= 60]).toEqual([true, true]);
  // The page has to be able to read it.
  expect(response.headers.get('Access-Control-Allow-Origin')).toBe(page.Origin);
  expect(response.headers.get('Access-Control-Expose-Headers')).toContain('Retry-After');
}

describe('who asks too often', () => {
  const perUser = withApi(() => ({ variables: { RATE_LIMIT_REQUESTS: '3', RATE_LIMIT_STREAMS: '2' } }));
  const perAddress = withApi(() => ({ variables: { RATE_LIMIT_ADDRESS: '3' } }));

  it('is asked to wait, each user for themselves', async () => {
    const ask = (who: 'alice' | 'bob') => perUser.api.call(who, 'GET', '/me', undefined, page);
    for (let count = 0; count < 3; count += 1) expect((await ask('alice')).status).toBe(200);
    await expectRefusal(await ask('alice'));
    expect((await ask('bob')).status).toBe(200);
  });

  it('is asked to wait before a stream opens, and counted apart from ordinary requests', async () => {
    const open = () => perUser.api.call('bob', 'GET', '/events/stream', undefined, page);
    for (let count = 0; count < 2; count += 1) {
      const response = await open();
      expect(response.status).toBe(200);
      await response.body?.cancel();
    }
    await expectRefusal(await open());
  });

  it('is asked to wait before the token is looked at, by address', async () => {
    const knock = () =>
      fetch(`${perAddress.api.origin}/me`, { headers: { ...page, Authorization: 'Bearer nonsense' } });
    for (let count = 0; count < 3; count += 1) expect((await knock()).status).toBe(401);
    await expectRefusal(await knock());
    expect((await fetch(`${perAddress.api.origin}/health`)).status).toBe(200);
  });
});
