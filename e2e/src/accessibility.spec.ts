import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { pages } from './pages.ts';
import { alice, bob } from './stack.ts';
import type { Visitor } from './visitor.ts';
import { withStack } from './with-stack.ts';

/** The width of a small phone. */
const phone = { width: 360, height: 740 };

describe('every page', { timeout: 120_000 }, () => {
  const world = withStack();

  async function arrive(colorScheme: 'light' | 'dark' = 'light'): Promise<Visitor> {
    const visitor = await world.arrive();
    await visitor.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await visitor.signIn(alice);
    return visitor;
  }

  async function visit(
    visitor: Visitor,
    language: '' | '/fr',
    colorSchemes: readonly ('light' | 'dark')[],
  ): Promise<string[]> {
    const found: string[] = [];
    for (const { path, stream } of pages) {
      await visitor.open(`${language}${path}`);
      await visitor.page.locator('main h1').waitFor();
      if (stream === 'at-once') await visitor.live();
      // One page load serves both colour schemes.
      for (const colorScheme of colorSchemes) {
        await visitor.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await settle(visitor.page);
        found.push(...(await faultsOf(visitor.page, `${path} in ${colorScheme}`)));
      }
    }
    // The page that compares transports puts a token into a URL on purpose.
    await visitor.open('/');
    visitor.urls.length = 0;
    return found;
  }

  it('has no serious fault, in light and in dark', async () => {
    expect(await visit(await arrive(), '', ['light', 'dark'])).toEqual([]);
  });

  it('has no serious fault and is not too wide, in French on a phone', async () => {
    const visitor = await arrive('dark');
    await visitor.page.setViewportSize(phone);
    expect(await visit(visitor, '/fr', ['dark'])).toEqual([]);
  });

  it.each([
    { language: '', size: { width: 1280, height: 720 }, colorScheme: 'dark' },
    { language: '/fr', size: phone, colorScheme: 'light' },
  ] as const)(
    'has no serious fault while it is used, in $colorScheme at $size.width pixels',
    async ({ language, size, colorScheme }) => {
      const [visitor, other] = [await arrive(colorScheme), await world.arrive()];
      const { page } = visitor;
      await other.signIn(bob);
      await page.setViewportSize(size);
      const found: string[] = [];
      const look = async (what: string): Promise<void> => {
        found.push(...(await faultsOf(page, what)));
      };
      await world.stack.call(bob, 'GET', '/me');
      const people = (await world.stack.call(alice, 'GET', '/people')) as { id: string; name: string }[];
      const idOf = (name: string): string => people.find((person) => person.name === name)?.id ?? '';

      await visitor.open(`${language}/chat/${colorScheme}`);
      await visitor.live();
      for (const user of [alice, bob])
        await world.stack.call(user, 'POST', `/chat/${colorScheme}/messages`, {
          text: `A message of ${user.name}, ${'long '.repeat(30)}`,
        });
      await page.locator('[data-own="true"]').waitFor();
      await page.locator('[data-own="false"]').waitFor();
      await look('a chat with messages');

      await visitor.open(`${language}/notifications`);
      await visitor.live();
      await world.stack.call(bob, 'POST', '/notifications', {
        to: idOf(alice.name),
        title: 'Build',
        message: 'Passed',
      });
      await page.getByText('Passed').first().waitFor();
      await look('a notification');

      await visitor.open(`${language}/assistant`);
      await page.locator('main textarea').fill('What is a gap?');
      await page.keyboard.press('Enter');
      await page.locator('[data-status="complete"]').waitFor();
      await look('an answered question');

      const document = (await world.stack.call(alice, 'POST', '/documents', {
        title: 'For axe',
        sharedWith: [idOf(bob.name)],
      })) as { id: string };
      await visitor.open(`${language}/documents/${document.id}`);
      await other.open(`/documents/${document.id}`);
      await Promise.all([visitor.live(), other.live()]);
      await other.page.locator('.cm-content').click();
      await other.page.keyboard.type('Written by Bob, to the end of a line that does not fit on a phone.');
      await page.locator('.cm-remote-caret').waitFor();
      await page.locator(`[data-person="${bob.name}"]`).waitFor();
      await look('a document with the caret of another user');

      await visitor.open(`${language}/documents`);
      await page.locator('mat-select').click();
      await page.getByRole('option').first().click();
      await look('the choice of users to share with');

      await world.stack.call(alice, 'POST', `/games/${colorScheme}/players`);
      await world.stack.call(bob, 'POST', `/games/${colorScheme}/players`);
      await visitor.open(`${language}/game/${colorScheme}`);
      await page.locator('[data-cell="4"]').click();
      await page.locator('[data-cell="4"] .x').waitFor();
      await look('a game under way');

      await visitor.open(`${language}/tasks`);
      for (const [name, text, status] of [
        ['good.csv', 'id,n\n1,2\n', 'completed'],
        ['bad.csv', 'id,n\n1,2,3\n', 'failed'],
      ] as const) {
        await page
          .locator('input[type="file"]')
          .setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
        await page.locator('main button[type="submit"]').click();
        await page.locator(`[data-task-status="${status}"]`).waitFor();
        await look(`an import that has ${status}`);
      }

      await visitor.open(`${language}/events`);
      await visitor.live();
      await world.stack.call(alice, 'POST', '/security/step-up');
      await visitor.stateIs('interaction-required');
      await page.locator('app-sign-in-banner button').waitFor();
      await look('a demand to sign in again');
      await world.stack.call(alice, 'DELETE', '/security/step-up');

      await visitor.open(`${language}/events`);
      await visitor.live();
      await world.stack.killApi();
      await visitor.stateIs('waiting');
      await look('a stream that waits');
      await world.stack.startApi();
      expect(found).toEqual([]);
    },
  );
});

/**
 * The serious faults of a page, and whether it is wider than the window. A control that changes during a look (disabled, then enabled) is measured
 * halfway, so a fault counts only if a second look finds it too.
 */
async function faultsOf(page: Page, what: string): Promise<string[]> {
  await page.evaluate(axe.source);
  const first = await look(page);
  if (first.length === 0) return [];
  await settle(page);
  const second = new Set(await look(page));
  return first.filter((fault) => second.has(fault)).map((fault) => `${what}: ${fault}`);
}

/** Resolves when the page has been drawn and no animation runs: a transition of colours would be measured halfway. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await new Promise((resolve) => {
      requestAnimationFrame(() => requestAnimationFrame(resolve));
    });
    await Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
  });
}

async function look(page: Page): Promise<string[]> {
  const { violations, overflow } = await page.evaluate(async () => {
    const { scrollWidth } = document.documentElement;
    const wide = [...document.querySelectorAll('main *')].filter(
      (element) => element.getBoundingClientRect().right > innerWidth + 1,
    );
    return {
      violations: (await (globalThis as unknown as { axe: typeof axe }).axe.run()).violations,
      overflow:
        scrollWidth <= innerWidth
          ? []
          : [
              `${scrollWidth} pixels wide, by ${wide.map(({ className, tagName }) => `${tagName}.${className}`).join(' ')}`,
            ],
    };
  });
  const serious = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, impact, nodes }) => `${id} (${impact}) at ${nodes.map(({ target }) => String(target)).join(', ')}`);
  return [...serious, ...overflow];
}
