import { describe, expect, it } from 'vitest';
import { alice, bob, dave } from './stack.ts';
import { withStack } from './with-stack.ts';

describe('pages for two', () => {
  const world = withStack();

  it('two users edit one document, each sees the text and the cursor of the other, and a third may not open it', async () => {
    const [one, other] = await Promise.all([world.arrive(), world.arrive()]);
    await world.stack.call(dave, 'GET', '/me');
    await other.signIn(bob, '/documents');
    await one.signIn(alice, '/documents');
    await one.page.getByLabel('Title').fill('Plan');
    await one.page.getByRole('combobox', { name: 'Share with' }).click();
    for (const { name } of [bob, dave]) await one.page.getByRole('option', { name }).click();
    await one.page.keyboard.press('Escape');
    await one.button('Create').click();
    await one.page.waitForURL(/\/documents\/[\w-]+$/);
    await one.live();
    for (const { username } of [bob, dave]) {
      const shared = (await world.stack.call({ name: '', username }, 'GET', '/documents')) as { title: string }[];
      expect(shared.map(({ title }) => title)).toContain('Plan');
    }
    await other.page.reload();
    await other.page.getByRole('link', { name: 'Plan' }).click();
    await other.live();
    const [mine, theirs] = [one.page.locator('.cm-content'), other.page.locator('.cm-content')];
    await mine.click();
    await one.page.keyboard.type('Hello from Alice. ');
    await expect.poll(() => theirs.textContent()).toContain('Hello from Alice.');
    await theirs.click();
    await other.page.keyboard.press('Control+End');
    await other.page.keyboard.type('And from Bob.');
    await expect.poll(() => mine.textContent()).toContain('And from Bob.');
    await expect.poll(() => mine.textContent()).toContain('Hello from Alice.');
    await one.page.locator(`.cm-remote-caret[data-name="${bob.name}"]`).waitFor();

    const secret = (await world.stack.call(alice, 'POST', '/documents', { title: 'Mine', sharedWith: [] })) as {
      id: string;
    };
    await other.open(`/documents/${secret.id}`);
    await other.page.locator('[data-end="failed"]').getByText('There is no such document').waitFor();
    expect(await other.page.locator('.cm-content').isVisible()).toBe(false);
  });

  it('two users play by the rules of the server, and a third watches', async () => {
    const [one, other, third] = await Promise.all([world.arrive(), world.arrive(), world.arrive()]);
    await one.signIn(alice, '/game/e2e');
    await other.signIn(bob, '/game/e2e');
    await third.signIn(dave, '/game/e2e');
    await Promise.all([one.live(), other.live(), third.live()]);
    await one.button('Take a seat').click();
    await one.page.locator('[data-game-status="waiting-for-players"]').waitFor();
    await other.button('Take a seat').click();
    for (const { page } of [one, third]) await page.locator('[data-game-status="playing"]').waitFor();
    await one.page.locator('[data-spectators="1"]').waitFor();
    await third.page.locator('[data-cell="8"]').click();
    await third.page
      .getByRole('alert')
      .filter({ hasText: /no seat/ })
      .waitFor();
    await one.page.locator('[data-cell="0"]').click();
    await other.page.locator('[data-cell="0"] .x').waitFor();
    // Out of turn, past the page: the server refuses it in words.
    await expect(world.stack.call(alice, 'POST', '/games/e2e/moves', { cell: 1 })).rejects.toThrow(/409/);
    for (const [visitor, cell] of [
      [other, 3],
      [one, 1],
      [other, 4],
      [one, 2],
    ] as const) {
      await visitor.page.locator(`[data-cell="${cell}"]`).click();
      for (const { page } of [one, other, third]) await page.locator(`[data-cell="${cell}"] :is(.x, .o)`).waitFor();
    }
    for (const { page } of [other, third]) await page.locator('[data-game-status="won"]').waitFor();
  });
});
