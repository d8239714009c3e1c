import { describe, expect, it } from 'vitest';
import { alice, bob } from './stack.ts';
import { withStack } from './with-stack.ts';

describe('pages for two', () => {
  const world = withStack();

  it('two people write one document, each sees the other’s words, and nobody else may open it', async () => {
    const [one, other] = await Promise.all([world.arrive(), world.arrive()]);
    await other.signIn(bob, 'redirect', '/documents');
    await one.signIn(alice, 'redirect', '/documents');
    const people = (await world.stack.call(alice, 'GET', '/people')) as { id: string; name: string }[];
    const shared = (await world.stack.call(alice, 'POST', '/documents', {
      title: 'Plan',
      sharedWith: people.filter(({ name }) => name === bob.name).map(({ id }) => id),
    })) as { id: string };
    await one.open(`/documents/${shared.id}`);
    await other.open(`/documents/${shared.id}`);
    await Promise.all([one.live(), other.live()]);
    const [mine, theirs] = [one.page.locator('.cm-content'), other.page.locator('.cm-content')];
    await mine.click();
    await one.page.keyboard.type('Hello from Alice. ');
    await expect.poll(() => theirs.textContent()).toContain('Hello from Alice.');
    await theirs.click();
    await other.page.keyboard.press('Control+End');
    await other.page.keyboard.type('And from Bob.');
    await expect.poll(() => mine.textContent()).toContain('And from Bob.');
    await expect.poll(() => mine.textContent()).toContain('Hello from Alice.');

    const secret = (await world.stack.call(alice, 'POST', '/documents', { title: 'Mine', sharedWith: [] })) as {
      id: string;
    };
    await other.open(`/documents/${secret.id}`);
    await other.page.locator('[data-end="failed"]').first().waitFor();
    expect(await other.page.locator('.cm-content').isVisible()).toBe(false);
  });

  it('two people play, the server referees, and a third watches', async () => {
    const [one, other] = await Promise.all([world.arrive(), world.arrive()]);
    await one.signIn(alice, 'redirect', '/game/e2e');
    await other.signIn(bob, 'redirect', '/game/e2e');
    await Promise.all([one.live(), other.live()]);
    await one.button('Take a seat').click();
    await one.page.locator('[data-game-status="waiting-for-players"]').waitFor();
    await other.button('Take a seat').click();
    await one.page.locator('[data-game-status="playing"]').waitFor();
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
      for (const { page } of [one, other]) await page.locator(`[data-cell="${cell}"] :is(.x, .o)`).waitFor();
    }
    await other.page.locator('[data-game-status="won"]').waitFor();
  });
});
