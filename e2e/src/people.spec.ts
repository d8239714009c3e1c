import { describe, expect, it } from 'vitest';
import { alice, bob } from './stack.ts';
import { withStack } from './with-stack.ts';

describe('people', () => {
  const world = withStack();

  it('a notification posted for Alice arrives on her page and not on Bob’s; she signed in by redirect, he by popup', async () => {
    const [one, other] = await Promise.all([world.arrive(), world.arrive()]);
    await one.signInBy('redirect', alice, '/notifications');
    await one.live();
    await other.signInBy('popup', bob, '/notifications');
    await other.live();

    await other.page.getByLabel('To', { exact: true }).selectOption(alice.name);
    await other.page.getByLabel('Title', { exact: true }).fill('Build 17');
    await other.page.getByLabel('Message', { exact: true }).fill('It passed.');
    await other.button('Send').click();
    await one.sees('It passed.');

    // One more, for Bob: once it has arrived, an earlier notice would have arrived too.
    const people = (await world.stack.call(alice, 'GET', '/people')) as { id: string; name: string }[];
    const to = people.find(({ name }) => name === bob.name)?.id;
    await world.stack.call(alice, 'POST', '/notifications', { to, title: 'For you', message: 'Only for Bob.' });
    await other.sees('Only for Bob.');
    expect(await other.page.getByRole('listitem').filter({ hasText: 'It passed.' }).count()).toBe(0);
    expect(await one.count('Only for Bob.')).toBe(0);
  });

  it('two users chat, and a later one reads the history', async () => {
    const [one, other] = await Promise.all([world.arrive(), world.arrive()]);
    await one.signIn(alice, '/chat/lobby');
    await one.live();
    await other.signIn(bob, '/chat/lobby');
    await other.live();
    await one.page.getByLabel('Message', { exact: true }).fill('Hello Bob');
    await one.button('Send').click();
    await other.sees('Hello Bob');
    await other.page.getByLabel('Message', { exact: true }).fill('Hello Alice');
    await other.page.keyboard.press('Enter');
    await one.sees('Hello Alice');
    await other.page.reload();
    await other.sees('Hello Bob');
    await other.sees('Hello Alice');
    expect(await other.count('Hello Alice')).toBe(1);
    await one.open('/notifications');
    await one.live();
    await other.page.getByLabel('Message', { exact: true }).fill(`@${alice.name} are you there?`);
    await other.page.keyboard.press('Enter');
    await one.sees(`${bob.name} mentioned you in lobby`);
  });

  it('events arrive by type, and a type that is switched off does not', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/events');
    await visitor.page.getByRole('checkbox', { name: 'status' }).uncheck();
    await visitor.live();
    await world.stack.call(bob, 'POST', '/events', { type: 'status', text: 'unseen' });
    await world.stack.call(bob, 'POST', '/events', { type: 'update', text: 'seen' });
    await visitor.page.locator('[data-type="update"]').getByText('seen').waitFor();
    expect(await visitor.count('unseen')).toBe(0);
  });

  it('the assistant’s answer appears token by token, says what it is, and completes', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/assistant');
    await visitor.page.getByLabel('Ask the assistant').fill('How does a client resume after a gap?');
    await visitor.page.evaluate(() => {
      const lengths = ((globalThis as unknown as { lengths: Set<number> }).lengths = new Set<number>());
      new MutationObserver(() => {
        const answers = [...document.querySelectorAll('[data-status]')];
        lengths.add(answers.at(-1)?.textContent.length ?? 0);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    await visitor.button('Ask').click();
    const answer = visitor.page.locator('[data-status="complete"]').last();
    await answer.waitFor();
    expect(await answer.textContent()).toMatch(/embedded assistant: no language model/);
    expect(
      await visitor.page.evaluate(() => (globalThis as unknown as { lengths: Set<number> }).lengths.size),
    ).toBeGreaterThan(10);
  });

  it('a conversation is there after a reload, and an interrupted answer continues', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/assistant');
    const answers = visitor.page.locator('.answer');
    const isComplete = (count: number): Promise<void> =>
      expect.poll(() => visitor.page.locator('.answer[data-status="complete"]').count()).toBe(count);
    await visitor.page.getByLabel('Ask the assistant').fill('What is an epoch?');
    await visitor.button('Ask').click();
    await isComplete(1);
    await visitor.page.getByLabel('Ask the assistant').fill('What is a rotation?');
    await visitor.button('Ask').click();
    await expect.poll(async () => (await answers.nth(1).textContent())?.length).toBeGreaterThan(100);
    const before = await answers.allTextContents();
    await visitor.page.reload();
    await isComplete(2);
    const after = await answers.allTextContents();
    expect(after[0]).toBe(before[0]);
    expect(after[1]?.startsWith(before[1]?.trim() ?? '')).toBe(true);
    await visitor.button('New conversation').click();
    await expect.poll(() => answers.count()).toBe(0);
  });

  it('the assistant stops when the user stops it', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/assistant');
    await visitor.page.getByLabel('Ask the assistant').fill('token reconnect replay gap heartbeat');
    await visitor.button('Ask').click();
    await visitor.page.locator('.answer').getByText('I am').waitFor();
    await visitor.button('Stop').click();
    await visitor.page.locator('[data-status="stopped"]').waitFor();
    // The inbox, which every page has, and its connection.
    await expect.poll(() => world.stack.sessions(alice)).toBe(2);
  });
});
