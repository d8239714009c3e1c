import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alice, bob } from './stack.ts';
import { withStack } from './with-stack.ts';

describe('a kill of the API, whose log is in a file', () => {
  const world = withStack({ store: 'sqlite' });

  it('events and chat resume, without a loss and without a gap', async () => {
    const [events, chat] = await Promise.all([world.arrive(), world.arrive()]);
    await events.signIn(alice, '/events');
    await chat.signIn(bob, '/chat/restart');
    await Promise.all([events.live(), chat.live()]);
    const say = (text: string): Promise<unknown> =>
      Promise.all([
        world.stack.call(bob, 'POST', '/events', { type: 'update', text: `event ${text}` }),
        world.stack.call(alice, 'POST', '/chat/restart/messages', { text: `message ${text}` }),
      ]);
    await say('before');
    await Promise.all([events.sees('event before'), chat.sees('message before')]);
    await world.stack.killApi();
    await events.stateIs('waiting');
    await world.stack.startApi();
    await say('while away');
    await Promise.all([events.live(), chat.live()]);
    await say('after');
    for (const text of ['before', 'while away', 'after']) {
      await Promise.all([events.sees(`event ${text}`), chat.sees(`message ${text}`)]);
      expect([await events.count(`event ${text}`), await chat.count(`message ${text}`)]).toEqual([1, 1]);
    }
    expect((await events.page.locator('[data-gap]').count()) + (await chat.page.locator('[data-gap]').count())).toBe(0);
  });

  it('a document keeps what was written before, and accepts what is written after', async () => {
    const visitor = await world.arrive();
    const { id } = (await world.stack.call(alice, 'POST', '/documents', { title: 'Plan', sharedWith: [] })) as {
      id: string;
    };
    await visitor.signIn(alice, `/documents/${id}`);
    await visitor.live();
    await visitor.page.locator('.cm-content').click();
    await visitor.page.keyboard.type('Written before. ');
    await visitor.page.locator('[data-saved="saved"]').waitFor();
    await world.stack.killApi();
    await visitor.stateIs('waiting');
    await visitor.page.keyboard.type('Written while away. ');
    await world.stack.startApi();
    await visitor.live();
    await visitor.page.keyboard.type('Written after.');
    const reader = await world.arrive();
    await reader.signIn(alice, `/documents/${id}`);
    await expect
      .poll(() => reader.page.locator('.cm-content').textContent())
      .toContain('Written before. Written while away. Written after.');
  });

  it('the assistant continues its answer where it was interrupted', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/assistant');
    const ask = async (): Promise<void> => {
      await visitor.page.getByLabel('Ask the assistant').fill('How does a client resume after a gap?');
      await visitor.button('Ask').click();
    };
    const text = async (answer: number): Promise<string> =>
      (await visitor.page.locator('.answer .text').nth(answer).textContent()) ?? '';
    const complete = (answer: number): Promise<void> =>
      visitor.page.locator('.answer').nth(answer).and(visitor.page.locator('[data-status="complete"]')).waitFor();
    await ask();
    await expect.poll(async () => (await text(0)).length).toBeGreaterThan(100);
    await world.stack.killApi();
    await visitor.stateIs('waiting');
    const before = await text(0);
    await world.stack.startApi();
    await complete(0);
    await ask();
    await complete(1);
    // The same text, once, as without an interruption.
    expect((await text(0)).startsWith(before) && before.length < (await text(0)).length).toBe(true);
    // It introduces itself once in a conversation.
    expect((await text(1)).length).toBeGreaterThan(100);
    expect((await text(0)).endsWith(await text(1))).toBe(true);
  });

  it('a game continues from the same board', async () => {
    const [one, other] = await Promise.all([world.arrive(), world.arrive()]);
    await one.signIn(alice, '/game/restart');
    await other.signIn(bob, '/game/restart');
    await one.button('Take a seat').click();
    await other.button('Take a seat').click();
    await one.page.locator('[data-game-status="playing"]').waitFor();
    await one.page.locator('[data-cell="4"]').click();
    await other.page.locator('[data-cell="4"] .x').waitFor();
    await world.stack.killApi();
    await other.stateIs('waiting');
    await world.stack.startApi();
    await Promise.all([one.live(), other.live()]);
    await other.page.locator('[data-cell="0"]').click();
    await one.page.locator('[data-cell="0"] .o').waitFor();
    expect(await one.page.locator('[data-cell="4"] .x').count()).toBe(1);
  });

  it('a notification sent while the page was cut off arrives', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/notifications');
    await visitor.live();
    const people = (await world.stack.call(bob, 'GET', '/people')) as { id: string; name: string }[];
    const to = people.find(({ name }) => name === alice.name)?.id;
    const notify = (message: string): Promise<unknown> =>
      world.stack.call(bob, 'POST', '/notifications', { to, title: 'Note', message });
    await notify('Before.');
    await visitor.sees('Before.');
    await world.stack.killApi();
    await visitor.stateIs('waiting');
    await world.stack.startApi();
    await notify('While away.');
    for (const message of ['Before.', 'While away.']) {
      await visitor.sees(message);
      expect(await visitor.count(message)).toBe(1);
    }
  });

  it('an import resumes by itself while its file is being sent, and has every row once', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/tasks');
    const rows = 300_000;
    const folder = await mkdtemp(join(tmpdir(), 'sillage-csv-'));
    const long = join(folder, 'long.csv');
    await writeFile(long, `id,n\n${'1,2\n'.repeat(rows)}`);
    await visitor.uploadAt(400_000);
    await visitor.page.getByLabel('CSV file').setInputFiles(long);
    await visitor.button('Import').click();
    await expect.poll(() => visitor.importedRows()).toBeGreaterThan(10_000);
    await world.stack.killApi();
    await visitor.page.locator('[data-interruption="goes-on"]').waitFor();
    expect(await visitor.importedRows()).toBeLessThan(rows);
    expect(await visitor.page.getByRole('alert').count()).toBe(0);
    await world.stack.startApi();
    await visitor.page.locator('[data-task-status="completed"]').waitFor();
    expect(await visitor.importedRows()).toBe(rows);
    expect(await visitor.page.getByRole('alert').count()).toBe(0);
    await rm(folder, { recursive: true });
  });

  it('an import resumes by itself after its file was sent, and has every row once', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/tasks');
    const rows = 300_000;
    const folder = await mkdtemp(join(tmpdir(), 'sillage-csv-'));
    const long = join(folder, 'long.csv');
    await writeFile(long, `id,n\n${'1,2\n'.repeat(rows)}`);
    await visitor.page.getByLabel('CSV file').setInputFiles(long);
    await visitor.button('Import').click();
    await expect.poll(() => visitor.importedRows()).toBeGreaterThan(10_000);
    await world.stack.killApi();
    await world.stack.startApi();
    await visitor.page.locator('[data-task-status="completed"]').waitFor();
    expect(await visitor.importedRows()).toBe(rows);
    await rm(folder, { recursive: true });
  });

  it('the token is sent again by each of the three transports', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/transports');
    const all = (state: string): Promise<void> =>
      expect.poll(() => visitor.page.locator(`[data-transport] [data-state="${state}"]`).count()).toBe(3);
    await all('open');
    await world.stack.killApi();
    await all('waiting');
    await world.stack.startApi();
    await all('open');
    // This page puts a token into a URL on purpose.
    visitor.urls.length = 0;
  });

  it('pages of live data reconnect by themselves, and report no gap', async () => {
    const visitors = await Promise.all(
      ['/dashboard', '/stocks', '/health', '/devices', '/logs'].map(async (path) => {
        const visitor = await world.arrive();
        await visitor.signIn(alice, path);
        if (path === '/devices') await visitor.page.locator('[data-device]').first().click();
        await visitor.live();
        return visitor;
      }),
    );
    await world.stack.killApi();
    await Promise.all(visitors.map((visitor) => visitor.stateIs('waiting')));
    await world.stack.startApi();
    await Promise.all(visitors.map((visitor) => visitor.live()));
    for (const { page } of visitors) expect(await page.locator('[data-gap]').count()).toBe(0);
  });
});
