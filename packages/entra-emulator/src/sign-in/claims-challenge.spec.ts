import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acrsClaims, ALICE, startEntraEmulator } from '../index.ts';
import type { EntraEmulator } from '../index.ts';
import { claimsOf, redeem, refresh, TestBrowser } from './sign-in.fixture.ts';

let emulator: EntraEmulator;
let browser: TestBrowser;

beforeAll(async () => {
  emulator = await startEntraEmulator();
});
afterAll(() => emulator.close());
beforeEach(() => {
  emulator.reset();
  browser = new TestBrowser(emulator);
});

const c1 = acrsClaims(['c1']);
const cp1 = JSON.stringify({ access_token: { xms_cc: { values: ['CP1'] } } });

describe('the capability cp1', () => {
  it('goes into the token of a client that declares it, on every path', async () => {
    const { body } = await redeem(emulator, await browser.signIn(ALICE, { claims: cp1 }));
    expect(claimsOf(body.access_token).xms_cc).toEqual(['cp1']);
    const silent = await refresh(emulator, body.refresh_token, { claims: cp1 });
    expect(claimsOf(silent.body.access_token).xms_cc).toEqual(['cp1']);
  });

  it('is in no token of a client that does not', async () => {
    const { body } = await redeem(emulator, await browser.signIn());
    expect(claimsOf(body.access_token).xms_cc).toBeUndefined();
  });
});

describe('an authentication context that was not satisfied', () => {
  it('makes a refresh interaction_required, with the claims to ask for', async () => {
    const { body } = await redeem(emulator, await browser.signIn());
    const refused = await refresh(emulator, body.refresh_token, { claims: c1 });
    expect(refused.status).toBe(400);
    expect(refused.body).toMatchObject({
      error: 'interaction_required',
      suberror: 'basic_action',
      error_codes: [50076],
      claims: c1,
    });
    expect((await refresh(emulator, body.refresh_token)).status).toBe(200);
  });

  it('makes prompt=none interaction_required, with the claims to ask for', async () => {
    await browser.signIn();
    const { params } = await browser.authorize({ prompt: 'none', claims: c1 });
    expect(params.get('error')).toBe('interaction_required');
    expect(params.get('claims')).toBe(c1);
  });

  it('is satisfied by the step-up page, and travels from the code to every refresh token', async () => {
    await browser.signIn();
    expect((await browser.authorize({ claims: c1 })).text).toContain('Confirm it is you');
    const { params } = await browser.press(`confirm:${ALICE.oid}`);
    const { body } = await redeem(emulator, params.get('code') ?? '', { claims: c1 });
    expect(claimsOf(body.access_token).acrs).toEqual(['c1']);
    const second = await refresh(emulator, body.refresh_token, { claims: c1 });
    const third = await refresh(emulator, second.body.refresh_token);
    expect(claimsOf(third.body.access_token).acrs).toEqual(['c1']);
    expect((await browser.authorize({ prompt: 'none', claims: c1 })).params.has('code')).toBe(true);
  });

  it('comes after the picker where nobody is signed in', async () => {
    await browser.authorize({ claims: c1 });
    expect((await browser.press(`pick:${ALICE.oid}`)).text).toContain('Confirm it is you');
    expect((await browser.press(`confirm:${ALICE.oid}`)).params.has('code')).toBe(true);
  });

  it('has no effect if it is not essential, and accepts only c1 to c99', async () => {
    await browser.signIn();
    const wish = JSON.stringify({ access_token: { acrs: { essential: false, value: 'c1' } } });
    expect((await browser.authorize({ prompt: 'none', claims: wish })).params.has('code')).toBe(true);
    const wrong = await browser.authorize({ prompt: 'none', claims: acrsClaims(['<b>']) });
    expect(wrong.params.get('error')).toBe('invalid_request');
  });

  it('is met by any of several values', async () => {
    await browser.signIn();
    await browser.authorize({ claims: acrsClaims(['c2']) });
    await browser.press(`confirm:${ALICE.oid}`);
    const either = acrsClaims(['c1', 'c2']);
    expect((await browser.authorize({ prompt: 'none', claims: either })).params.has('code')).toBe(true);
  });

  it('cannot be confirmed by a user who has not signed in', async () => {
    await browser.authorize({ claims: c1 });
    expect((await browser.press(`confirm:${ALICE.oid}`)).text).toContain('Pick an account');
  });
});

describe('a challenge of a user', () => {
  it('holds silent requests until another sign-in satisfies it', async () => {
    await browser.signIn();
    await browser.authorize({ claims: c1 });
    const before = await redeem(emulator, (await browser.press(`confirm:${ALICE.oid}`)).params.get('code') ?? '');

    emulator.challengeUser('alice@contoso.example', 'c1');
    const refused = await refresh(emulator, before.body.refresh_token);
    expect(refused.body).toMatchObject({ error: 'interaction_required', claims: c1 });
    expect((await browser.authorize({ prompt: 'none' })).params.get('claims')).toBe(c1);

    expect((await browser.authorize()).text).toContain('Confirm it is you');
    const after = await redeem(emulator, (await browser.press(`confirm:${ALICE.oid}`)).params.get('code') ?? '');
    expect((await refresh(emulator, after.body.refresh_token)).status).toBe(200);
    expect((await refresh(emulator, before.body.refresh_token)).status).toBe(400);
  });

  it('can be withdrawn', async () => {
    const { body } = await redeem(emulator, await browser.signIn());
    emulator.challengeUser('alice@contoso.example', 'c1');
    expect(emulator.users().find(({ oid }) => oid === ALICE.oid)?.challenges).toEqual(['c1']);
    emulator.withdrawChallenges('alice@contoso.example');
    expect((await refresh(emulator, body.refresh_token)).status).toBe(200);
  });
});
