import axe from 'axe-core';
import { describe, expect, it } from 'vitest';
import { alice } from './stack.ts';
import { withStack } from './with-stack.ts';

const pages = [
  '/',
  '/notifications',
  '/chat/lobby',
  '/events',
  '/assistant',
  '/dashboard',
  '/stocks',
  '/tasks',
  '/logs',
  '/documents',
  '/game/lobby',
  '/devices',
  '/health',
  '/transports',
];

describe('every page', () => {
  const world = withStack();

  it.each(['light', 'dark'] as const)('has nothing serious against it, in %s', async (colorScheme) => {
    const visitor = await world.arrive();
    await visitor.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await visitor.signIn(alice);
    const found: string[] = [];
    for (const page of pages) {
      await visitor.open(page);
      await visitor.page.locator('h1').first().waitFor();
      await visitor.page.evaluate(axe.source);
      const { violations } = await visitor.page.evaluate(() =>
        (globalThis as unknown as { axe: typeof axe }).axe.run(),
      );
      for (const { id, impact, nodes } of violations) {
        if (impact === 'serious' || impact === 'critical')
          found.push(`${page}: ${id} (${impact}) at ${nodes.map(({ target }) => String(target)).join(', ')}`);
      }
    }
    await visitor.open('/');
    expect(found).toEqual([]);
    // The page that compares transports puts a token into a URL, and says so; here it is only looked at.
    visitor.urls.length = 0;
  });
});
