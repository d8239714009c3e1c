import { describe, expect, it } from 'vitest';
import { alice } from './stack.ts';
import { withStack } from './with-stack.ts';

const eventsPerSecond = 20;
const seconds = 60;

describe('tokens that live ten seconds', () => {
  const world = withStack({ accessTokenLifetimeMs: 10_000 });

  it('over a minute of 20 events a second, every one arrives once and in order, with no interaction', async () => {
    const visitor = await world.arrive();
    await visitor.signInBy('redirect', alice, '/events');
    await visitor.live();
    await visitor.page.evaluate(() => {
      const seen = ((globalThis as unknown as { seen: string[] }).seen = []) as string[];
      new MutationObserver((changes) => {
        const added = changes.flatMap(({ addedNodes }) => [...addedNodes]).filter((node) => node instanceof Element);
        // The page shows the newest first: what one frame added, from the bottom up, is what came, in its order.
        const upwards = added.sort((one, other) =>
          one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING ? 1 : -1,
        );
        for (const element of upwards) {
          for (const text of element.querySelectorAll('[data-text]')) seen.push(text.textContent.trim());
        }
      }).observe(document.body, { subtree: true, childList: true });
    });
    await world.stack.control('DELETE', '/log');
    const token = await world.stack.token({ lifetimeMs: 3_600_000 });
    const opened = visitor.urls.filter((url) => url.endsWith('/events/stream')).length;

    const total = eventsPerSecond * seconds;
    const began = Date.now();
    for (let n = 1; n <= total; n += 1) {
      // Paced by the clock, not by the last answer: a slow one does not make the minute longer.
      const wait = began + (n * 1_000) / eventsPerSecond - Date.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      const response = await fetch(`${world.stack.api}/events`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ type: 'update', text: `#${n}` }),
      });
      expect(response.status).toBe(201);
    }

    const seen = (): Promise<string[]> =>
      visitor.page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
    await expect.poll(async () => (await seen()).length).toBeGreaterThanOrEqual(total);
    expect(await seen()).toEqual(Array.from({ length: total }, (_, index) => `#${index + 1}`));

    const reopened = visitor.urls.filter((url) => url.endsWith('/events/stream')).length - opened;
    expect(reopened).toBeGreaterThanOrEqual(4);
    const log = JSON.stringify(await world.stack.control('GET', '/log'));
    expect(log).toContain('refresh_token');
    expect(log).not.toContain('page:');
    expect(visitor.windows).toBe(1);
  }, 120_000);
});
