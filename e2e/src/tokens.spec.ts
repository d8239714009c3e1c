import { describe, expect, it } from 'vitest';
import { alice } from './stack.ts';
import { withStack } from './with-stack.ts';

const eventsPerSecond = 50;
const seconds = 60;

/** What the page notes. */
interface Seen {
  readonly texts: string[];
  /** The states of the stream, as the page shows them. */
  readonly states: (string | null)[];
  /** The longest time between two changes of the list, in ms. */
  longestPauseMs: number;
}

describe('tokens that live five seconds', () => {
  const world = withStack({ accessTokenLifetimeMs: 5_000 });

  it('over a minute of 50 events a second, every one arrives once and in order, and the stream never leaves the state open', async () => {
    const visitor = await world.arrive();
    await visitor.signInBy('redirect', alice, '/events');
    await visitor.live();
    await visitor.page.evaluate(() => {
      const seen: Seen = { texts: [], states: [], longestPauseMs: 0 };
      Object.assign(globalThis, { seen });
      let changedAt: number | undefined;
      new MutationObserver((changes) => {
        for (const { target, type } of changes) {
          if (type === 'attributes') seen.states.push((target as Element).getAttribute('data-state'));
        }
        const added = changes.flatMap(({ addedNodes }) => [...addedNodes]).filter((node) => node instanceof Element);
        // The page shows the newest first: what one frame added, from the bottom up, is what came, in its order.
        const upwards = added.sort((one, other) =>
          one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING ? 1 : -1,
        );
        for (const element of upwards) {
          for (const text of element.querySelectorAll('[data-text]')) {
            const nowMs = performance.now();
            seen.longestPauseMs = Math.max(seen.longestPauseMs, nowMs - (changedAt ?? nowMs));
            changedAt = nowMs;
            seen.texts.push(text.textContent.trim());
          }
        }
      }).observe(document.body, { subtree: true, childList: true, attributeFilter: ['data-state'] });
    });
    await world.stack.control('DELETE', '/log');
    const token = await world.stack.token({ lifetimeMs: 3_600_000 });

    const total = eventsPerSecond * seconds;
    const began = Date.now();
    let publishedAt = performance.now();
    let longestWaitMs = 0;
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
      longestWaitMs = Math.max(longestWaitMs, performance.now() - publishedAt);
      publishedAt = performance.now();
    }

    const seen = (): Promise<Seen> => visitor.page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen);
    await expect.poll(async () => (await seen()).texts.length).toBeGreaterThanOrEqual(total);
    const { texts, states, longestPauseMs } = await seen();
    expect(texts).toEqual(Array.from({ length: total }, (_, index) => `#${index + 1}`));
    expect(states).toEqual([]);
    // A measure, and so not asserted.
    console.log(
      `longest pause between two events in the page: ${Math.round(longestPauseMs)} ms; between two publications: ${Math.round(longestWaitMs)} ms`,
    );

    const log = JSON.stringify(await world.stack.control('GET', '/log'));
    // One for each connection: the requests themselves are the worker's, which the page does not see.
    expect(log.split('refresh_token').length - 1).toBeGreaterThanOrEqual(10);
    expect(log).not.toContain('page:');
    expect(visitor.windows).toBe(1);
  }, 120_000);
});
