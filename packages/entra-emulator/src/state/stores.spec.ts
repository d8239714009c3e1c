import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAuthorizationCodes } from './authorization-codes.ts';
import { html } from '../http/html.ts';
import { createSessions } from './sessions.ts';

const content = {
  grant: { oid: 'o', clientId: 'c', sid: 's', acrs: {}, place: 1, signedInAt: 0, scope: 'openid' },
  redirectUri: 'http://localhost/',
  codeChallenge: '',
  nonce: undefined,
  capabilities: [],
};

describe('what the emulator remembers', () => {
  it('is a thousand codes: the oldest is forgotten first', () => {
    const codes = createAuthorizationCodes(randomBytes);
    const issued = Array.from({ length: 1_001 }, () => codes.issue(content, 0));
    expect(() => codes.redeem(issued[0] ?? '', 0)).toThrow('AADSTS70000');
    expect(codes.redeem(issued[1] ?? '', 0)).toBe(content);
  });

  it('is a thousand sessions: the one used longest ago is forgotten first', () => {
    const sessions = createSessions(randomBytes);
    const ids = Array.from({ length: 1_000 }, () => sessions.create().id);
    sessions.find(ids[0]);
    sessions.create();
    expect(sessions.find(ids[0])?.id).toBe(ids[0]);
    expect(sessions.find(ids[1])).toBeUndefined();
  });
});

describe('a template of markup', () => {
  it('escapes every value, but for markup', () => {
    expect(html`<p title="${`"'&`}">${'<b>'}${[html`<i>${'>'}</i>`]}</p>`.markup).toBe(
      '<p title="&quot;&#39;&amp;">&lt;b&gt;<i>&gt;</i></p>',
    );
  });
});
