import { describe, expect, it } from 'vitest';
import { Keyboard } from './keyboard.ts';
import { pages } from './pages.ts';
import { alice, bob, type SampleUser } from './stack.ts';
import type { Visitor } from './visitor.ts';
import { withStack } from './with-stack.ts';

describe('with the keyboard alone', () => {
  const world = withStack();

  /** From the welcome to the home, past the identity provider. */
  async function arrive(user: SampleUser, path = '/'): Promise<{ visitor: Visitor; keyboard: Keyboard }> {
    const visitor = await world.arrive();
    const { page } = visitor;
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await visitor.open(path);
    const keyboard = new Keyboard(page);
    await visitor.button('Sign in').waitFor();
    await keyboard.tabTo('button "Sign in"');
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Pick an account' }).waitFor();
    await keyboard.comesTo(`button "${alice.name} ${alice.username}"`);
    if (user !== alice) await keyboard.tabTo(`button "${user.name} ${user.username}"`);
    await keyboard.press('Enter');
    await page.getByTestId('me').getByText(user.name).waitFor();
    return { visitor, keyboard };
  }

  it('users write a notification, a message and an event, and ask the assistant', async () => {
    const { visitor, keyboard } = await arrive(alice);
    const { page } = visitor;

    await page.getByRole('heading', { level: 1 }).waitFor();
    await keyboard.tabTo('link "Notifications"');
    await keyboard.press('Enter');
    await keyboard.comesTo('heading "Notifications"');
    await visitor.live();
    await page.getByRole('option', { name: alice.name }).waitFor({ state: 'attached' });
    await keyboard.tabTo('combobox "To"');
    await keyboard.type('Alice');
    await keyboard.tabTo('textbox "Title"');
    await keyboard.type('Build 18');
    await keyboard.tabTo('textbox "Message"');
    await keyboard.type('It passed.');
    await keyboard.tabTo('button "Send"');
    await keyboard.press('Enter');
    await visitor.sees('It passed.');
    await keyboard.comesTo('textbox "Message"');

    await keyboard.goTo('Chat');
    await visitor.live();
    await keyboard.tabTo('textbox "Message"');
    await keyboard.type('Hello by Enter');
    await keyboard.press('Enter');
    await visitor.sees('Hello by Enter');
    await keyboard.type('Hello by the button');
    await keyboard.tabTo('button "Send"');
    await keyboard.press('Space');
    await visitor.sees('Hello by the button');
    await keyboard.comesTo('textbox "Message"');

    await keyboard.goTo('Events');
    await visitor.live();
    await keyboard.tabTo('combobox "Type"');
    await keyboard.type('update');
    await keyboard.tabTo('textbox "Text"');
    await keyboard.type('Another build');
    await keyboard.tabTo('button "Publish"');
    await keyboard.press('Enter');
    await visitor.sees('Another build');
    await keyboard.comesTo('textbox "Text"');
    await keyboard.tabTo('checkbox "update"', 'Shift+Tab');
    await keyboard.press('Space');
    await expect.poll(() => visitor.count('Another build')).toBe(0);
    await keyboard.press('Space');
    await visitor.sees('Another build');

    await keyboard.goTo('Assistant');
    await keyboard.tabTo('textbox "Ask the assistant"');
    await keyboard.type('How does replay work after a gap?');
    await keyboard.tabTo('button "Ask"');
    await keyboard.press('Enter');
    await keyboard.comesTo('button "Stop"');
    await keyboard.press('Enter');
    await page.getByText('The answer was stopped.').waitFor();
    await keyboard.comesTo('textbox "Ask the assistant"');
    await keyboard.type('And a token?');
    await keyboard.press('Enter');
    await page.getByText('The answer is complete.').waitFor();
    await keyboard.comesTo('textbox "Ask the assistant"');
  });

  it('they choose what live data they want', async () => {
    const { visitor, keyboard } = await arrive(alice);
    const { page } = visitor;

    await keyboard.tabTo('link "Dashboard"');
    await keyboard.press('Enter');
    await keyboard.comesTo('heading "Dashboard"');
    await keyboard.tabTo('combobox "Metric"');
    await keyboard.type('Open');
    await page.locator('[data-chart="analytics"]').getByText('Open streams').first().waitFor();
    await expect.poll(() => page.locator('[data-metric="total"]').textContent()).toMatch(/[1-9]/);
    await keyboard.tabTo('text "As a table – Open streams"');
    await keyboard.press('Enter');
    await page.locator('[data-chart="analytics"]').getByRole('table').waitFor();

    await keyboard.goTo('Stock prices');
    await visitor.live();
    const rows = page.locator('[data-symbol]');
    await expect.poll(() => rows.count()).toBe(3);
    const [first = ''] = await rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-symbol') ?? ''));
    await keyboard.tabTo(`checkbox "${first} ${await page.locator(`[data-symbol="${first}"] .meta`).innerText()}"`);
    await keyboard.press('Space');
    await expect.poll(() => rows.count()).toBe(2);
    await keyboard.press('Space');
    await expect.poll(() => rows.count()).toBe(3);
    await keyboard.tabTo('textbox "Another symbol"');
    await keyboard.type('NOPE');
    await keyboard.press('Enter');
    await visitor.sees('There is no price for NOPE.');

    await keyboard.goTo('Devices');
    await page.locator('[data-device]').first().waitFor();
    const device = await page.locator('[data-device]').first().innerText();
    await keyboard.tabTo(`link "${device}"`);
    await keyboard.press('Enter');
    await keyboard.comesTo('heading "Devices"');
    await visitor.live();
    await expect.poll(() => page.locator('[data-reading]').innerText()).toContain('°C');
  });

  it('they work together: a document that the Tab key leaves again, and a game', async () => {
    const [{ visitor, keyboard }, other] = await Promise.all([arrive(alice), arrive(bob, '/game/keys')]);
    const { page } = visitor;
    await other.visitor.live();

    await keyboard.tabTo('link "Documents"');
    await keyboard.press('Enter');
    await keyboard.comesTo('heading "Documents"');
    await keyboard.tabTo('textbox "Title"');
    await keyboard.type('By keys');
    await keyboard.tabTo('combobox "Share with"');
    await keyboard.press('Space');
    await page.getByRole('listbox').waitFor();
    await keyboard.press('Space');
    await page.getByRole('option', { name: bob.name, selected: true }).waitFor();
    await keyboard.press('Escape');
    await page.getByRole('listbox').waitFor({ state: 'detached' });
    await keyboard.comesTo('combobox "Share with"');
    await keyboard.tabTo('button "Create"');
    await keyboard.press('Enter');
    await keyboard.comesTo('heading "By keys"');
    await visitor.live();
    await keyboard.tabTo('textbox "Text of the document"');
    await keyboard.type('Written without a mouse.');
    await page.locator('[data-saved="saved"]').waitFor();
    await expect.poll(() => page.locator('.cm-content').innerText()).toContain('Written without a mouse.');
    await keyboard.tabTo('link "All documents"', 'Shift+Tab');
    await keyboard.tabTo('textbox "Text of the document"');
    // Out at the other end too: there is nothing after it on the page.
    await keyboard.press('Tab');
    await expect.poll(() => keyboard.focused()).not.toBe('textbox "Text of the document"');
    await keyboard.tabTo('link "All documents"');
    await keyboard.press('Enter');
    await keyboard.comesTo('heading "Documents"');
    await page.getByText(`Yours, shared with ${bob.name}`).waitFor();
    await keyboard.tabTo('link "By keys"');
    await keyboard.press('Enter');
    await keyboard.comesTo('heading "By keys"');

    await keyboard.goTo('Game');
    await visitor.live();
    await keyboard.tabTo('textbox "Table"');
    await keyboard.press('Control+A');
    await keyboard.type('keys');
    await keyboard.press('Enter');
    await keyboard.comesTo('heading "Game"');
    await visitor.live();
    await keyboard.tabTo('button "Take a seat"');
    await keyboard.press('Enter');
    await keyboard.comesTo('button "Row 1, column 1: empty"');
    await other.keyboard.tabTo('button "Take a seat"');
    await other.keyboard.press('Enter');
    await page.locator('[data-game-status="playing"]').waitFor();
    await keyboard.press('ArrowRight');
    await keyboard.press('ArrowDown');
    await keyboard.comesTo('button "Row 2, column 2: empty"');
    await keyboard.press('Enter');
    await keyboard.comesTo('button "Row 2, column 2: X"');
    await other.visitor.page.locator('[data-cell="4"] .x').waitFor();
  });

  it('they run the place: an import that is cancelled and one that ends, logs, health, transports', async () => {
    const { visitor, keyboard } = await arrive(alice, '/tasks');
    const { page } = visitor;
    const files: { name: string; mimeType: string; buffer: Buffer }[] = [];
    // Instead of the file dialog of the operating system, which is not part of the page.
    page.on('filechooser', (chooser) => void chooser.setFiles(files.splice(0)));
    const choose = async (name: string, text: string): Promise<void> => {
      files.push({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
      await keyboard.press('Enter');
      await page.getByText(name).waitFor();
    };

    await keyboard.tabTo('button "CSV file"');
    await choose('long.csv', `id,n\n${'1,2\n'.repeat(4_000_000)}`);
    await keyboard.tabTo('button "Import"');
    await keyboard.press('Enter');
    await page.locator('[data-task-status="running"]').waitFor();
    await keyboard.tabTo('button "Cancel"');
    await keyboard.press('Enter');
    await page.locator('[data-task-status="cancelled"]').waitFor();
    await expect.poll(() => keyboard.focused()).not.toBe('nothing');
    await keyboard.tabTo('button "CSV file"', 'Shift+Tab');
    await choose('short.csv', 'id,n\n1,2\n');
    await keyboard.tabTo('button "Import"');
    await keyboard.press('Enter');
    await page.locator('[data-task-status="completed"]').waitFor();
    await expect.poll(() => keyboard.focused()).not.toBe('nothing');

    await keyboard.goTo('Logs');
    await visitor.live();
    await keyboard.tabTo('combobox "Log"');
    await keyboard.type('Access');
    await keyboard.tabTo('combobox "Level"');
    await keyboard.type('From info');
    // Again and again: the stream that was chosen begins at its own present.
    await expect
      .poll(async () => {
        await world.stack.call(bob, 'GET', '/me');
        return page.getByText('path=/me').count();
      })
      .toBeGreaterThan(0);
    await keyboard.tabTo('button "Pause"');
    await keyboard.press('Enter');
    await keyboard.comesTo('button "Resume"');
    await keyboard.press('Enter');
    await keyboard.comesTo('button "Pause"');

    await keyboard.goTo('Server health');
    await visitor.live();
    await keyboard.tabTo('text "As a table – Heap"');
    await keyboard.press('Enter');
    await page.getByRole('columnheader', { name: 'Heap in use' }).waitFor();

    await keyboard.goTo('Carrying the token');
    for (const name of ['header', 'ticket', 'query'])
      await page.locator(`[data-transport="${name}"] [data-state="open"]`).waitFor();
    await keyboard.goTo('Home', `Hello, ${alice.name}.`);
    visitor.urls.length = 0;
  });

  it('every stop of every page can be seen, in the order in which the page is read', async () => {
    const { visitor, keyboard } = await arrive(alice);
    const { page } = visitor;
    for (const { path, stream } of pages) {
      await visitor.open(path);
      await page.locator('main h1').waitFor();
      if (stream === 'at-once') await visitor.live();
      expect(await keyboard.walk(), path).toEqual([]);
    }
    visitor.urls.length = 0;
  }, 120_000);

  it('they skip to the content, change the language, and sign out', async () => {
    const { visitor, keyboard } = await arrive(bob, '/stocks');
    const { page } = visitor;
    await visitor.live();
    await page.reload();
    await visitor.live();
    expect(await keyboard.tab()).toBe('link "Skip to the content"');
    await keyboard.press('Enter');
    await keyboard.comesTo('main ""');
    expect(await keyboard.tab()).toBe('text "As a table – Change since the first price"');
    await keyboard.tabTo('link "Français"', 'Shift+Tab');
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Cours de bourse' }).waitFor();
    await keyboard.tabTo('link "English"');
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Stock prices' }).waitFor();
    await keyboard.tabTo('button "Sign out"');
    await keyboard.press('Enter');
    await visitor.button('Sign in').waitFor();
    await keyboard.comesTo('heading "Live streams that heal themselves"');
  });

  it('they reach every page from a phone’s drawer, which gives the focus back', async () => {
    const { visitor, keyboard } = await arrive(bob);
    const { page } = visitor;
    await page.setViewportSize({ width: 360, height: 740 });
    await keyboard.tabTo('button "Pages"');
    await keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Pages' }).waitFor();
    await keyboard.press('Escape');
    await keyboard.comesTo('button "Pages"');
    await keyboard.press('Enter');
    await keyboard.tabTo('link "Chat"');
    await keyboard.press('Enter');
    await keyboard.comesTo('heading "Chat"');
  });

  it('they answer a stream’s questions: a demand to sign in again, a wait, a notice', async () => {
    const { visitor, keyboard } = await arrive(alice, '/events');
    const { page } = visitor;
    await visitor.live();
    await world.stack.call(alice, 'POST', '/security/step-up');
    await visitor.stateIs('interaction-required');
    await keyboard.tabTo('button "Sign in again"');
    const [popup] = await Promise.all([page.waitForEvent('popup'), keyboard.press('Enter')]);
    const inPopup = new Keyboard(popup);
    await inPopup.comesTo('button "Confirm it is me"');
    await inPopup.press('Enter');
    await visitor.live();
    await keyboard.comesTo('heading "Events"');
    await world.stack.call(alice, 'DELETE', '/security/step-up');

    await world.stack.killApi();
    await visitor.stateIs('waiting');
    await keyboard.tabTo('button "Reconnect now"');
    await world.stack.startApi();
    await keyboard.press('Enter');
    await visitor.live();
    await keyboard.comesTo('heading "Events"');
  });
});
