import { describe, expect, it } from 'vitest';
import { writeBearerChallenge } from './challenge-header.ts';
import { claimsChallenge } from './claims-challenge.ts';

describe('WWW-Authenticate', () => {
  it('has no error code where there was no token (PROTOCOL 7.1)', () => {
    expect(writeBearerChallenge({ realm: 'api' })).toBe('Bearer realm="api"');
  });

  it('carries a claims challenge as Microsoft has it (PROTOCOL 7.4)', () => {
    const { claims } = claimsChallenge({ acrs: 'c1' });
    const header = writeBearerChallenge({
      realm: '',
      authorizationUri: 'https://login.microsoftonline.com/common/oauth2/authorize',
      error: 'insufficient_claims',
      claims,
    });
    // The very example of "Claims challenges, claims requests and client capabilities".
    expect(header).toBe(
      'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", ' +
        'error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiYzEifX19"',
    );
  });

  it('asks for a token from after a time', () => {
    expect(claimsChallenge({ issuedAfterMs: 1_604_106_651_500 }).claims).toEqual({
      access_token: { nbf: { essential: true, value: '1604106651' } },
    });
  });

  it('is one header with its own parameters, whatever is put into it', () => {
    const evil = 'x", error="none\\"\r\nSet-Cookie: a=b\u{1F388}';
    const header = writeBearerChallenge({ realm: evil, error: 'invalid_token', errorDescription: evil, scope: evil });
    expect(header).toMatch(/^[\x20-\x7e]*$/);
    const parameters = [...header.slice('Bearer '.length).matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"(?:, |$)/g)];
    expect(parameters.map(([, name]) => name)).toEqual(['realm', 'error', 'error_description', 'scope']);
    // RFC 6750 3: neither quotes nor backslashes in a description.
    expect(parameters[2]?.[2]).not.toMatch(/["\\]/);
  });
});
