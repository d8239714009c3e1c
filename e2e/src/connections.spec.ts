import type { Page, Request } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { alice } from './stack.ts';
import { withStack } from './with-stack.ts';

/** The streams that a page has open, as the browser counts them. */
function openStreams(page: Page) {
  const open = new Set<Request>();
  const counts = { most: 0 };
  page.on('request', (request) => {
    if (request.headers().accept !== 'text/event-stream') return;
    open.add(request);
    counts.most = Math.max(counts.most, open.size);
  });
  const close = (request: Request): void => void open.delete(request);
  page.on('requestfinished', close);
  page.on('requestfailed', close);
  return {
    get most() {
      return counts.most;
    },
    get now() {
      return open.size;
    },
  };
}

describe('the six connections that a browser has for one origin over HTTP/1.1', () => {
  const world = withStack();

  it('are never used up by a page, and navigating away within the app closes all of its streams', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice);
    const { id } = (await world.stack.call(alice, 'POST', '/documents', { title: 'Plan', sharedWith: [] })) as {
      id: string;
    };
    const { devices } = (await world.stack.call(alice, 'GET', '/iot')) as { devices: string[] };
    const links = visitor.page.locator('main a[href]');
    const paths = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''));
    expect(paths.length).toBeGreaterThanOrEqual(13);
    const streams = openStreams(visitor.page);
    const used: Record<string, number> = {};
    for (const path of [...paths, `/documents/${id}`, `/devices/${devices[0] ?? ''}`]) {
      await visitor.open(path);
      await visitor.page.locator('h1').first().waitFor();
      // Some pages stream only once something was asked for: they have no state to show yet.
      if ((await visitor.page.locator('[data-state]').count()) > 0) await visitor.live();
      used[path] = await world.stack.sessions(alice);
      await visitor.page.getByRole('link', { name: 'Sillage, home' }).click();
      // The inbox stays, on the shared connection, which is a session too.
      await expect.poll(() => world.stack.sessions(alice), { message: `${path} was left` }).toBe(2);
    }
    expect(streams.most).toBeLessThanOrEqual(5);
    expect(Object.values(used).filter((count) => count > 2).length).toBeGreaterThanOrEqual(10);
    visitor.urls.length = 0;
  });

  it('are not used up by eight tabs of the dashboard: all of them share one, and other requests are answered', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/dashboard');
    await visitor.live();
    const alone = await world.stack.sessions(alice);
    expect(alone).toBeGreaterThanOrEqual(2);
    const tabs = [visitor.page];
    const context = visitor.page.context();
    // MSAL's state is of one tab. Each of the others would sign in without a question, which takes seconds.
    const entries = await visitor.page.evaluate(() => Object.entries(sessionStorage));
    await context.addInitScript((all: [string, string][]) => {
      if (window === top && sessionStorage.length === 0)
        for (const [key, value] of all) sessionStorage.setItem(key, value);
    }, entries);
    for (let tab = 2; tab <= 8; tab += 1) tabs.push(await context.newPage());
    for (const tab of tabs.slice(1)) await tab.goto(visitor.page.url());
    for (const tab of tabs) await tab.locator('[data-state="open"]').first().waitFor();
    // The same streams at the same position are requested once for all tabs.
    await expect.poll(() => world.stack.sessions(alice), { timeout: 20_000 }).toBeLessThan(8 * alone);
    const changing = (tab: Page): Promise<string> => tab.locator('main').innerText();
    for (const tab of tabs) {
      const before = await changing(tab);
      await expect.poll(() => changing(tab)).not.toBe(before);
      const answer = tab.evaluate((url) => fetch(url).then(({ status }) => status), `${world.stack.api}/me`);
      await expect(answer).resolves.toBe(401);
    }
    for (const tab of tabs.slice(1)) await tab.close();
    await expect.poll(() => world.stack.sessions(alice), { timeout: 20_000 }).toBe(alone);
  });
});
