import { describe, expect, it } from 'vitest';
import { alice } from './stack.ts';
import type { Visitor } from './visitor.ts';
import { withStack } from './with-stack.ts';

const runners = ['event-source', 'fetch-event-source', 'sillage'] as const;

describe('the race', () => {
  const world = withStack();
  const lane = ({ page }: Visitor, runner: string) => page.locator(`[data-runner="${runner}"]`);
  const figure = async (visitor: Visitor, runner: string, name: string): Promise<number> =>
    Number(await lane(visitor, runner).locator(`[data-figure="${name}"]`).getAttribute('data-value'));
  const isIn = (visitor: Visitor, runner: string, state: string): Promise<void> =>
    lane(visitor, runner).locator(`[data-lane="${state}"]`).waitFor();

  it('shows on the same stream which client skips an event, which gives up, and which loses nothing', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/race');
    for (const runner of runners) {
      await isIn(visitor, runner, 'open');
      await expect.poll(() => figure(visitor, runner, 'received')).toBeGreaterThan(20);
    }
    await visitor.page.locator('[data-fault="cut"]').click();
    // Its position was at the event that was cut.
    await expect.poll(() => figure(visitor, 'fetch-event-source', 'lost')).toBe(1);
    for (const runner of runners) await isIn(visitor, runner, 'open');

    await visitor.page.locator('[data-fault="refuse"]').click();
    await isIn(visitor, 'event-source', 'ended');
    await isIn(visitor, 'sillage', 'open');
    await expect.poll(() => figure(visitor, 'sillage', 'missing')).toBeLessThan(10);
    expect([await figure(visitor, 'sillage', 'lost'), await figure(visitor, 'sillage', 'duplicated')]).toEqual([0, 0]);
    await expect.poll(() => figure(visitor, 'event-source', 'missing')).toBeGreaterThan(20);

    await visitor.button('Start again').click();
    for (const runner of runners) {
      await isIn(visitor, runner, 'open');
      expect(await figure(visitor, runner, 'lost')).toBe(0);
    }
  }, 60_000);
});
