import { describe, expect, it } from 'vitest';
import { alice, bob } from './stack.ts';
import { withStack } from './with-stack.ts';

describe('the inbox', () => {
  const world = withStack();

  async function tellAlice(title: string): Promise<void> {
    const people = (await world.stack.call(alice, 'GET', '/people')) as { id: string; username: string }[];
    const to = people.find(({ username }) => username === alice.username)?.id;
    await world.stack.call(bob, 'POST', '/notifications', { to, title, message: `About ${title}` });
  }

  it('shows on every page that a notice has come, keeps it over reloads, and counts it until it is read', async () => {
    const visitor = await world.arrive();
    const { page } = visitor;
    await visitor.signIn(alice, '/stocks');
    await visitor.live();
    await tellAlice('Build 7');
    await page.locator('[data-unread="1"]').waitFor();
    await page.locator('mat-snack-bar-container').getByText('Bob Sample: Build 7').waitFor();

    await page.reload();
    await page.locator('[data-unread="1"]').waitFor();
    await page.getByRole('link', { name: 'Inbox, unread: 1' }).click();
    await page.getByRole('heading', { name: 'Build 7' }).waitFor();
    await page.locator('[data-unread="0"]').waitFor();

    await page.reload();
    await page.getByRole('heading', { name: 'Build 7' }).waitFor();
    expect(await page.locator('[data-unread]').getAttribute('data-unread')).toBe('0');
    await visitor.live();
    await tellAlice('Build 8');
    await page.getByRole('heading', { name: 'Build 8' }).waitFor();
    expect(await page.locator('.feed h2').allInnerTexts()).toEqual(['Build 8', 'Build 7']);
    expect(await page.locator('mat-snack-bar-container').count()).toBe(0);
  });

  it('leads to the notice from its toast', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/health');
    await visitor.live();
    await tellAlice('Follow me');
    await visitor.button('Show').click();
    await visitor.page.getByRole('heading', { name: 'Follow me' }).waitFor();
  });

  it('does not get wider than a phone by a word without an end', async () => {
    const visitor = await world.arrive();
    await visitor.page.setViewportSize({ width: 360, height: 740 });
    await visitor.signIn(alice, '/notifications');
    await visitor.live();
    await tellAlice('x'.repeat(180));
    await visitor.page.getByText('x'.repeat(180), { exact: true }).waitFor();
    expect(await visitor.page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  });
});
