import { describe, expect, it } from 'vitest';
import { parseChallenges, tokenDemand } from './challenge.ts';

const claims = '{"access_token":{"acrs":{"essential":true,"value":"c12"}}}';

describe('reading WWW-Authenticate', () => {
  it('reads an Entra claims challenge, whose base64 ends in padding and whose URL holds commas and equals signs', () => {
    const encoded = btoa(claims);
    expect(encoded).toMatch(/=$/);
    const header = `Bearer realm="", authorization_uri="https://login.example/authorize?a=1,b=2", error="insufficient_claims", claims="${encoded}"`;
    expect(tokenDemand(parseChallenges(header))).toEqual({ error: 'insufficient_claims', claims });
  });

  it('keeps several challenges apart', () => {
    const header =
      'Negotiate abc==, Basic realm="a, b=c", Bearer error=invalid_token , error_description="it \\"expired\\""';
    expect(parseChallenges(header)).toEqual([
      { scheme: 'negotiate', parameters: {} },
      { scheme: 'basic', parameters: { realm: 'a, b=c' } },
      { scheme: 'bearer', parameters: { error: 'invalid_token', error_description: 'it "expired"' } },
    ]);
  });

  it('takes the scheme and the names without regard to case', () => {
    expect(tokenDemand(parseChallenges('BEARER Error="invalid_token"'))).toEqual({
      error: 'invalid_token',
      claims: undefined,
    });
  });

  it('reads a bare scheme as a demand for a token and nothing in it', () => {
    expect(tokenDemand(parseChallenges('Bearer'))).toEqual({ error: undefined, claims: undefined });
  });

  it('has no demand where there is no Bearer challenge, or no header that CORS shows', () => {
    expect(tokenDemand(parseChallenges('Basic realm="x"'))).toBeUndefined();
    expect(tokenDemand(parseChallenges(null))).toBeUndefined();
  });

  it('reads credentials after a scheme as part of it, also at the end of the header', () => {
    expect(parseChallenges('Basic abc= , Negotiate abc')).toEqual([
      { scheme: 'basic', parameters: {} },
      { scheme: 'negotiate', parameters: {} },
    ]);
  });

  it('allows white space around the equals sign', () => {
    expect(parseChallenges('Bearer error  = \t "invalid_token"')).toEqual([
      { scheme: 'bearer', parameters: { error: 'invalid_token' } },
    ]);
  });

  it.each([
    ['', []],
    [',,,', []],
    ['=', []],
    ['"quoted"', []],
    ['error=invalid_token', []],
    ['Bearer realm="unterminated', [{ scheme: 'bearer', parameters: {} }]],
    ['Bearer realm=', [{ scheme: 'bearer', parameters: {} }]],
    ['Bearer error=a, realm=', [{ scheme: 'bearer', parameters: { error: 'a' } }]],
  ])('ends at what it cannot read, and keeps what comes before: %j', (header, challenges) => {
    expect(parseChallenges(header)).toStrictEqual(challenges);
  });

  it.each(['not base64!', btoa('not json'), btoa('"a string"'), btoa('null'), btoa('{"a":"\xff"}')])(
    'takes broken claims for none: %j',
    (value) => {
      expect(tokenDemand(parseChallenges(`Bearer claims="${value}"`))?.claims).toBeUndefined();
    },
  );

  it('reads a long hostile header in linear time', () => {
    const parameters = Array.from({ length: 20_000 }, (_, index) => `p${index}="${'\\"'.repeat(5)}"`).join(',');
    expect(Object.keys(parseChallenges(`Bearer ${parameters}`)[0]?.parameters ?? {})).toHaveLength(20_000);
  });
});
