import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { alice, bob } from './stack.ts';
import { withStack } from './with-stack.ts';

/** Resolves once what a place of the page says has changed: a stream that is silent changes nothing. */
async function changes(place: Locator): Promise<void> {
  await place.waitFor();
  const before = await place.textContent();
  await expect.poll(() => place.textContent()).not.toBe(before);
}

describe('pages of live data', () => {
  const world = withStack();

  it('the dashboard draws the API’s own metrics and its use, in charts and in words', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/dashboard');
    await visitor.live();
    await expect.poll(() => visitor.page.locator('[data-chart]').count()).toBeGreaterThan(1);
    await changes(visitor.page.locator('[data-metric="cpu"]').first());
    await visitor.page.getByLabel('Metric', { exact: true }).selectOption('streams');
    await expect.poll(() => visitor.page.locator('[data-metric="total"]').textContent()).toMatch(/[1-9]/);
  });

  it('stock prices move, say that they are simulated, and follow the choice of symbols', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/stocks');
    await visitor.live();
    await visitor.page
      .getByText(/simulated/i)
      .first()
      .waitFor();
    const rows = visitor.page.locator('[data-symbol]');
    await changes(rows.first().locator('[data-price]'));
    const wood = visitor.page.getByRole('checkbox', { name: 'WOOD' });
    await wood.check();
    await changes(visitor.page.locator('[data-symbol="WOOD"] [data-price]'));
    await wood.uncheck();
    await expect.poll(() => visitor.page.locator('[data-symbol="WOOD"]').count()).toBe(0);
  });

  it('a device’s readings arrive over MQTT', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/devices');
    await visitor.page.locator('[data-broker="connected"]').waitFor();
    await visitor.page.locator('[data-device]').first().click();
    await visitor.live();
    await changes(visitor.page.locator('[data-reading]').first());
  });

  it('the server’s health changes by the second', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/health');
    await visitor.live();
    await changes(visitor.page.locator('[data-health="uptimeSeconds"], [data-health="uptime"]').first());
  });

  it('the three ways to carry a token all stream, and only one of them shows it', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/transports');
    const card = (name: string): Locator => visitor.page.locator(`[data-transport="${name}"]`);
    for (const name of ['header', 'ticket', 'query']) await card(name).locator('[data-state="open"]').waitFor();
    await expect.poll(() => card('header').locator('[data-url]').textContent()).toBe('/transports/stream');
    await expect.poll(() => card('ticket').locator('[data-url]').textContent()).toMatch(/\?ticket=[\w-]{43}$/);
    await expect
      .poll(() => card('query').locator('[data-url]').textContent())
      .toMatch(/access_token=\(\d+ characters\)/);
    // The page that shows what not to do does it: everywhere else, a visit has no token in any URL.
    expect(visitor.urls.filter((url) => url.includes('access_token='))).not.toEqual([]);
    visitor.urls.length = 0;
    await visitor.open('/');
  });

  it('shows logs by level to an administrator, and describes the refusal to another user', async () => {
    const [admin, reader] = await Promise.all([world.arrive(), world.arrive()]);
    await admin.signIn(alice, '/logs');
    await admin.live();
    await world.stack.call(bob, 'GET', '/me');
    await admin.page.locator('li[data-level]').first().waitFor();
    await reader.signIn(bob, '/logs');
    await reader.page
      .getByText(/Stream\.Admin/)
      .first()
      .waitFor();
    expect(await reader.page.locator('li[data-level]').count()).toBe(0);
  });
});
