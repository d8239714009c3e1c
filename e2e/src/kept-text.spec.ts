import { describe, expect, it } from 'vitest';
import { alice } from './stack.ts';
import type { Visitor } from './visitor.ts';
import { withStack } from './with-stack.ts';

describe('a text that was written without a connection', () => {
  const world = withStack();

  async function open(title: string): Promise<{ visitor: Visitor; path: string }> {
    const { id } = (await world.stack.call(alice, 'POST', '/documents', { title, sharedWith: [] })) as { id: string };
    const visitor = await world.arrive();
    await visitor.signIn(alice, `/documents/${id}`);
    await visitor.live();
    return { visitor, path: `/documents/${id}` };
  }
  async function write({ page }: Visitor, text: string): Promise<void> {
    await page.locator('.cm-content').click();
    await page.keyboard.type(text);
    await page.locator('[data-saved="failing"]').waitFor();
  }
  /** What another tab gets from the API. */
  async function expectText(path: string, text: string): Promise<void> {
    const reader = await world.arrive();
    await reader.signIn(alice, path);
    await reader.page.locator('.cm-content').getByText(text).waitFor();
  }

  it('arrives although its writer left the page before the network was back', async () => {
    const { visitor, path } = await open('Train');
    // Every page is loaded in the background after the sign-in, so that links work without a network.
    let before = 0;
    const isSettled = (): boolean => {
      const count = visitor.urls.filter((url) => url.endsWith('.js')).length;
      const settled = count === before && count > 20;
      before = count;
      return settled;
    };
    await expect.poll(isSettled, { interval: 500 }).toBe(true);
    await visitor.context.setOffline(true);
    await write(visitor, 'Written in a tunnel.');
    await visitor.page.getByRole('link', { name: 'Stock prices' }).click();
    await visitor.page.getByRole('heading', { name: 'Stock prices' }).waitFor();
    await visitor.context.setOffline(false);
    await expectText(path, 'Written in a tunnel.');
  }, 60_000);

  it('is there after a reload, and arrives when the API is back', async () => {
    const { visitor, path } = await open('Reload');
    await world.stack.killApi();
    await write(visitor, 'Written to nobody.');
    visitor.page.once('dialog', (dialog) => void dialog.accept());
    await visitor.page.reload();
    await world.stack.startApi();
    await visitor.page.locator('.cm-content').getByText('Written to nobody.').waitFor();
    await visitor.page.locator('[data-saved="saved"]').waitFor();
    await expectText(path, 'Written to nobody.');
  }, 60_000);

  it('is not claimed to be saved in a document that does not exist', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/documents/00000000-0000-4000-8000-000000000000');
    await visitor.page.locator('[data-end="failed"]').getByText('There is no such document').waitFor();
    expect(await visitor.count('Everything is saved')).toBe(0);
    expect(await visitor.page.locator('.editor').isVisible()).toBe(false);
  });
});
