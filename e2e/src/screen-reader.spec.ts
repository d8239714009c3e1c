import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { listen } from './announcements.ts';
import { pages } from './pages.ts';
import { alice, bob } from './stack.ts';
import type { Visitor } from './visitor.ts';
import { withStack } from './with-stack.ts';

const controls =
  /^\s*- '?(button|checkbox|combobox|link|listbox|menuitem|option|progressbar|textbox|table|img)\b(?! "[^"])/;

describe('to a screen reader', () => {
  const world = withStack();

  it.each([
    { language: '', lang: 'en' },
    { language: '/fr', lang: 'fr' },
  ])(
    'every page has its landmarks, one heading, a title and names for all there is, in $lang',
    async ({ language, lang }) => {
      const visitor = await world.arrive();
      const { page } = visitor;
      await visitor.signIn(alice);
      const document = (await world.stack.call(alice, 'POST', '/documents', {
        title: `Plan ${lang}`,
        sharedWith: [],
      })) as {
        id: string;
      };
      const devices = (await world.stack.call(alice, 'GET', '/iot')) as { devices: string[] };
      const all = [
        ...pages,
        { path: `/documents/${document.id}`, stream: 'at-once' },
        { path: `/devices/${devices.devices[0]}`, stream: 'at-once' },
      ];
      const titles = new Map<string, string>();
      for (const { path, stream } of all) {
        await visitor.open(`${language}${path}`);
        await page.locator('main h1').waitFor();
        if (stream === 'at-once') await visitor.live();
        for (const details of await page.locator('main details summary').all()) await details.click();

        const tree = (await page.locator('body').ariaSnapshot()).split('\n');
        const count = (line: RegExp): number => tree.filter((one) => line.test(one)).length;
        expect(
          {
            lang: await page.getAttribute('html', 'lang'),
            banners: count(/^- banner/),
            navigations: count(/^\s*- navigation "/),
            mains: count(/^\s*- main/),
            headings: count(/- heading .*\[level=1\]/),
            nameless: tree.filter((line) => controls.test(line)),
            tablesWithoutHeaders: await page
              .locator('table:not(:has(th[scope="col"])), tbody tr:not(:has(th))')
              .count(),
          },
          path,
        ).toEqual({
          lang,
          banners: 1,
          navigations: 1,
          mains: 1,
          headings: 1,
          nameless: [],
          tablesWithoutHeaders: 0,
        });
        if (stream === 'at-once')
          expect(await page.locator('[data-state] [role="status"]').first().textContent(), path).not.toBe('');
        titles.set(path, await page.title());
      }
      expect(new Set(titles.values()).size, JSON.stringify([...titles])).toBe(all.length);
      await visitor.open('/');
      visitor.urls.length = 0;
    },
  );

  it('every stream says in words that it is interrupted, and that it is back', async () => {
    // A context per page, so that each has its own six connections. One kill interrupts all of them.
    const visits = await Promise.all(
      pages
        .filter(({ path, stream }) => stream === 'at-once' && path !== '/transports')
        .map(async ({ path }) => {
          const visitor = await world.arrive();
          const heard = await listen(visitor.page);
          await visitor.signIn(alice, path);
          await visitor.live();
          return { visitor, heard, path };
        }),
    );
    await world.stack.killApi();
    await Promise.all(visits.map(({ visitor }) => visitor.stateIs('waiting')));
    await world.stack.startApi();
    await Promise.all(
      visits.map(async ({ visitor, heard, path }) => {
        await hurry(visitor);
        const notOpen = visitor.page.locator('[data-state]:not([data-state="open"])');
        await expect.poll(() => notOpen.count(), { message: path }).toBe(0);
        const said = (await heard()).filter(({ manner }) => manner === 'polite').map(({ text }) => text);
        expect(said.indexOf('Reconnecting'), path).toBeGreaterThanOrEqual(0);
        expect(said.lastIndexOf('Live'), path).toBeGreaterThan(said.indexOf('Reconnecting'));
        // A countdown that is announced every second would drown everything else.
        expect(said.filter((text) => /\d+ s/.test(text))).toEqual([]);
      }),
    );
  }, 120_000);

  it('what others write is announced once, and what was there before is not', async () => {
    const visitor = await world.arrive();
    const { page } = visitor;
    const heard = await listen(page);
    const said = async (text: string): Promise<number> =>
      (await heard()).filter((one) => one.manner === 'polite' && one.text.includes(text)).length;
    await visitor.signIn(alice);
    await world.stack.call(bob, 'POST', '/chat/heard/messages', { text: 'From before' });
    await visitor.open('/chat/heard');
    await visitor.live();
    await visitor.sees('From before');
    await world.stack.call(bob, 'POST', '/chat/heard/messages', { text: 'From now' });
    await expect.poll(() => said('From now')).toBe(1);
    expect(await said('From before')).toBe(0);

    await visitor.open('/notifications');
    await visitor.live();
    const people = (await world.stack.call(alice, 'GET', '/people')) as { id: string; name: string }[];
    const to = people.find(({ name }) => name === alice.name)?.id;
    await world.stack.call(bob, 'POST', '/notifications', { to, title: 'Build 19', message: 'It passed too.' });
    await expect.poll(() => said('It passed too.')).toBe(1);
    expect(await said('Build 19')).toBe(1);
  });

  it('the end of an answer is announced, not each of its words', async () => {
    const visitor = await world.arrive();
    const { page } = visitor;
    const heard = await listen(page);
    await visitor.signIn(alice);
    await visitor.open('/assistant');
    await page.getByLabel('Ask the assistant').fill('What is a gap?');
    await page.keyboard.press('Enter');
    await page.locator('[data-status="complete"]').waitFor();
    const answer = await page.locator('[data-status="complete"] .text').innerText();
    const said = (await heard()).map(({ text }) => text);
    expect(said).toContain('The answer is complete.');
    expect(said.filter((text) => text.includes(answer.slice(0, 20)))).toEqual([]);
    expect(said.length).toBeLessThan(6);
  });

  it('what changes by the second is there to be read, and not announced', async () => {
    const visitor = await world.arrive();
    const { page } = visitor;
    const heard = await listen(page);
    await visitor.signIn(alice);
    for (const [path, place] of [
      ['/stocks', '[data-symbol] [data-price]'],
      ['/dashboard', '[data-metric]'],
      ['/health', '[data-health="uptimeSeconds"]'],
    ] as const) {
      await visitor.open(path);
      await visitor.live();
      // All of them: a busy processor is at 100 % for a while.
      const all = page.locator(place);
      const values = new Set<string>();
      await expect
        .poll(async () => {
          values.add((await all.allInnerTexts()).join(' '));
          return values.size;
        })
        .toBeGreaterThan(2);
      const said = (await heard()).map(({ text }) => text);
      expect(
        said.filter((text) => /\d/.test(text)),
        path,
      ).toEqual([]);
      expect(
        (await heard()).filter(({ manner }) => manner === 'assertive'),
        path,
      ).toEqual([]);
      expect(said.length, path).toBeLessThan(12);
      // A chart has a description, and its values are also shown as text.
      const chart = page.locator('[data-chart]').first();
      expect(await chart.getByRole('img').getAttribute('aria-label')).toMatch(/^Chart: .+/);
      await expect.poll(() => chart.locator('figcaption strong').first().innerText()).toMatch(/\d/);
    }
  });

  it('a game tells its cells, its turns and its refusals; a document its name, and when it is not saved', async () => {
    const visitor = await world.arrive();
    const { page } = visitor;
    const heard = await listen(page);
    const said = async (manner: string): Promise<string[]> =>
      (await heard()).filter((one) => one.manner === manner).map(({ text }) => text);
    await visitor.signIn(alice);
    await world.stack.call(alice, 'POST', '/games/heard/players');
    await world.stack.call(bob, 'POST', '/games/heard/players');
    await visitor.open('/game/heard');
    await visitor.live();
    const cell = (name: string) =>
      page.getByRole('group', { name: /^Board/ }).getByRole('button', { name, exact: true });
    await cell('Row 1, column 2: empty').click();
    await cell('Row 1, column 2: X').waitFor();
    await expect.poll(() => said('polite')).toContain(`It is the turn of ${bob.name} (O).`);
    await cell('Row 3, column 3: empty').click();
    await expect.poll(() => said('assertive')).toEqual(['It is not your turn: wait for the other’s move.']);
    await world.stack.call(bob, 'POST', '/games/heard/moves', { cell: 4 });
    await expect.poll(() => said('polite')).toContain('Your turn: you play X.');

    const { id } = (await world.stack.call(alice, 'POST', '/documents', { title: 'Heard', sharedWith: [] })) as {
      id: string;
    };
    await visitor.open(`/documents/${id}`);
    await visitor.live();
    const editor = page.getByRole('textbox', { name: 'Text of the document' });
    await editor.click();
    // Looked for from before: it is there for a moment.
    const saving = savedAs(page, 'saving');
    await page.keyboard.type('Saved');
    await saving;
    await savedAs(page, 'saved');
    expect((await said('polite')).filter((text) => /sav/i.test(text))).toEqual([]);
    await world.stack.killApi();
    await page.keyboard.type(' and not saved');
    await expect.poll(() => said('polite')).toContain('Not saved yet: it is kept here, and sent again');
    await world.stack.startApi();
    await hurry(visitor);
    await expect.poll(() => said('polite')).toContain('Everything is saved');
  });
});

/** Cuts the wait short, unless the stream is back by itself. */
async function hurry(visitor: Visitor): Promise<void> {
  const now = visitor.button('Reconnect now');
  await now.or(visitor.page.locator('[data-state="open"]')).first().waitFor();
  await now.click({ timeout: 2_000 }).catch(() => visitor.live());
}

function savedAs(page: Page, state: string): Promise<void> {
  return page.locator(`[data-saved="${state}"]`).waitFor();
}
