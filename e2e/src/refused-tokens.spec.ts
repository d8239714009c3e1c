import { describe, expect, it } from 'vitest';
import type { TokenRequest } from './stack.ts';
import { withStack } from './with-stack.ts';

const fabrikam = 'fab21ca0-0000-4000-8000-000000000002';

describe('the verification of tokens', () => {
  // A key that is not known yet is answered by 503 until the next fetch may begin. Here it may begin at once.
  const world = withStack({ api: () => ({ KEY_FETCH_INTERVAL_MS: '1' }) });

  const cases: { name: string; token: TokenRequest | null; status: number; demand: RegExp }[] = [
    { name: 'no token', token: null, status: 401, demand: /^Bearer realm="[^"]*"$/ },
    {
      name: 'another audience',
      token: { audience: '00000003-0000-0000-c000-000000000000' },
      status: 401,
      demand: /error="invalid_token".*another API/,
    },
    {
      name: 'a user of another tenant',
      token: { username: 'carol@fabrikam.example' },
      status: 401,
      demand: /error="invalid_token"/,
    },
    {
      name: 'another tenant in the claims',
      token: { tenantId: fabrikam },
      status: 401,
      demand: /error="invalid_token"/,
    },
    {
      name: 'another issuer',
      token: { issuer: 'https://evil.example/v2.0' },
      status: 401,
      demand: /error="invalid_token".*issue/,
    },
    { name: 'an expired one', token: { lifetimeMs: -60_000 }, status: 401, demand: /error="invalid_token".*expired/ },
    { name: 'an unsigned one (alg: none)', token: { algorithm: 'none' }, status: 401, demand: /error="invalid_token"/ },
    {
      name: 'HS256 with the public key',
      token: { algorithm: 'HS256-with-public-key' },
      status: 401,
      demand: /error="invalid_token"/,
    },
    {
      name: 'a key that nobody published',
      token: { signedBy: 'unknown' },
      status: 401,
      demand: /error="invalid_token"/,
    },
    { name: 'a key of another issuer', token: { signedBy: 'foreign' }, status: 401, demand: /error="invalid_token"/ },
    {
      name: 'no scope',
      token: { scopes: [] },
      status: 403,
      demand: /error="insufficient_scope".*scope="Stream\.Access"/,
    },
  ];

  it('accepts a valid token, also of a key that was rotated in meanwhile', async () => {
    for (const rotate of ['no', 'yes']) {
      if (rotate === 'yes') await world.stack.control('POST', '/rotate-keys');
      const response = await fetch(`${world.stack.api}/me`, {
        headers: { Authorization: `Bearer ${await world.stack.token()}` },
      });
      expect(response.status, rotate).toBe(200);
    }
  });

  it('refuses each invalid token with its status and a WWW-Authenticate that the page can read (PROTOCOL 7)', async () => {
    const visitor = await world.arrive();
    await visitor.open('/');
    for (const { name, token, status, demand } of cases) {
      const bearer = token === null ? null : await world.stack.token(token);
      const answer = await visitor.page.evaluate(
        async ({ url, authorization }) => {
          const response = await fetch(url, {
            headers: authorization === null ? {} : { Authorization: authorization },
          });
          return {
            status: response.status,
            demand: response.headers.get('WWW-Authenticate'),
            body: await response.text(),
          };
        },
        { url: `${world.stack.api}/events/stream`, authorization: bearer === null ? null : `Bearer ${bearer}` },
      );
      expect.soft(answer, name).toMatchObject({ status, demand: expect.stringMatching(demand) as string });
      if (bearer !== null) expect(answer.body, name).not.toContain(bearer);
    }
  });

  it('refuses any token in the URL (PROTOCOL 2.2)', async () => {
    const token = await world.stack.token();
    const response = await fetch(`${world.stack.api}/events/stream?access_token=${token}`);
    expect(response.status).toBe(400);
  });
});
