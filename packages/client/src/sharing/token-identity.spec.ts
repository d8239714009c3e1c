import { describe, expect, it } from 'vitest';
import { tokenIdentity } from './token-identity.ts';

const jwt = (claims: object): string =>
  `Bearer e30.${btoa(JSON.stringify(claims)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}.signature`;

describe('the identity of a token', () => {
  const alice = { tid: 't', oid: 'alice', aud: 'api', scp: 'read', exp: 1 };

  it('is that of the token which replaces it', () => {
    expect(tokenIdentity(jwt(alice))).toBe(tokenIdentity(jwt({ ...alice, exp: 2, uti: 'é?>' })));
  });

  it.each([{ oid: 'bob' }, { tid: 'other' }, { aud: 'other' }, { scp: 'read write' }, { roles: ['admin'] }])(
    'is another one with %j',
    (change) => {
      expect(tokenIdentity(jwt(alice))).not.toBe(tokenIdentity(jwt({ ...alice, ...change })));
    },
  );

  it.each(['Bearer opaque', 'Bearer a.b.c', `Bearer e30.${btoa('[]')}.x`, `Bearer e30.${btoa('{"exp":1}')}.x`, ''])(
    'is the token itself if it names nobody: %s',
    (token) => {
      expect(tokenIdentity(token)).toBe(token);
    },
  );
});
