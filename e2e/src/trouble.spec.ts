import { describe, expect, it } from 'vitest';
import { alice, bob } from './stack.ts';
import { withStack } from './with-stack.ts';

describe('a stream that is interrupted', () => {
  // In memory, so that a restart loses something: what a log in a file keeps over one is shown in restarts.spec.ts.
  const world = withStack({ store: 'memory' });

  const publish = (text: string): Promise<unknown> =>
    world.stack.call(bob, 'POST', '/events', { type: 'update', text });

  it('reconnects after a restart of the API, and reports the gap', async () => {
    const visitor = await world.arrive();
    await visitor.signInBy('redirect', alice, '/events');
    await visitor.live();
    await publish('before');
    await visitor.sees('before');

    await world.stack.killApi();
    await visitor.page
      .getByText(/^Reconnecting in \d+ s/)
      .first()
      .waitFor();
    await world.stack.startApi();
    // In the new log before the page is back: what the log holds must not be lost.
    await publish('while away');
    await visitor.live();
    await visitor.sees('while away');
    await publish('after');
    await visitor.sees('after');
    await visitor.page.locator('[data-gap="epoch"]').waitFor();
    for (const text of ['before', 'while away', 'after']) expect(await visitor.count(text)).toBe(1);
  });

  it('reconnects after a loss of the network, receives the missed events, and reports no gap', async () => {
    const visitor = await world.arrive();
    await visitor.signInBy('redirect', alice, '/events');
    await visitor.live();
    await publish('one');
    await visitor.sees('one');
    await visitor.context.setOffline(true);
    await publish('two');
    await visitor.context.setOffline(false);
    await publish('three');
    await visitor.sees('three');
    for (const text of ['one', 'two', 'three']) expect(await visitor.count(text)).toBe(1);
    expect(await visitor.page.locator('[data-gap]').count()).toBe(0);
  });

  it('a claims challenge: the page asks for sign-in, opens nothing by itself, and resumes where it was after the click', async () => {
    const visitor = await world.arrive();
    await visitor.signInBy('redirect', alice, '/events');
    await visitor.live();
    await publish('before the challenge');
    await visitor.sees('before the challenge');

    await world.stack.call(alice, 'POST', '/security/step-up');
    await visitor.stateIs('interaction-required');
    await publish('during the challenge');
    await visitor.button('Sign in again').waitFor();
    expect(visitor.windows).toBe(1);
    expect(await world.stack.sessions(alice)).toBe(0);

    const [popup] = await Promise.all([visitor.page.waitForEvent('popup'), visitor.button('Sign in again').click()]);
    await popup.getByRole('button', { name: 'Confirm it is me' }).click();
    await visitor.live();
    await visitor.sees('during the challenge');
    await publish('after the challenge');
    await visitor.sees('after the challenge');
    for (const text of ['before the challenge', 'during the challenge', 'after the challenge'])
      expect(await visitor.count(text)).toBe(1);
    expect(await visitor.page.locator('[data-gap]').count()).toBe(0);
    await world.stack.call(alice, 'DELETE', '/security/step-up');
  });

  /** The anonymous stream of the landing page is nobody's. */
  const isOfUsers = (url: string): boolean => url.startsWith(world.stack.api) && !url.includes('/showcase/');

  it('sign-out closes every stream, and the server sees them close', async () => {
    const visitor = await world.arrive();
    await visitor.signInBy('redirect', alice, '/notifications');
    await visitor.live();
    await expect.poll(() => world.stack.sessions(alice)).toBeGreaterThan(0);
    await visitor.page.getByTestId('me').click();
    await visitor.page.getByRole('menuitem', { name: 'Sign out' }).or(visitor.button('Sign out')).first().click();
    await expect.poll(() => world.stack.sessions(alice)).toBe(0);
    await visitor.button('Sign in').waitFor();
    visitor.urls.length = 0;
    await visitor.page.reload();
    await visitor.button('Sign in').waitFor();
    expect(visitor.urls.filter(isOfUsers)).toEqual([]);
  });

  it('a page that nobody signed in to opens no stream', async () => {
    const visitor = await world.arrive();
    await visitor.open('/notifications');
    await visitor.button('Sign in').waitFor();
    expect(visitor.urls.filter(isOfUsers)).toEqual([]);
  });

  it('a page that is left closes its streams', async () => {
    const visitor = await world.arrive();
    await visitor.signInBy('redirect', alice, '/events');
    await visitor.live();
    // The stream of the page, the inbox, and the connection that they share.
    await expect.poll(() => world.stack.sessions(alice)).toBe(3);
    await visitor.page.goto('about:blank');
    await expect.poll(() => world.stack.sessions(alice)).toBe(0);
  });
});
