import { describe, expect, it } from 'vitest';
import { alice } from './stack.ts';
import { withStack } from './with-stack.ts';

describe('a first visit', () => {
  const world = withStack({ api: () => ({ SAMPLE_DATA: 'on' }) });

  it('finds something to read, to press or to watch on every page', async () => {
    const visitor = await world.arrive();
    const { page } = visitor;
    await visitor.signIn(alice, '/chat/lobby');
    await visitor.live();
    await page.getByText('Nora (simulated)').first().waitFor();

    await visitor.open('/devices');
    await visitor.live();
    await expect.poll(() => page.locator('[data-reading]').innerText()).toContain('°C');

    await visitor.open('/documents');
    await page.getByRole('link', { name: 'Sample: notes of a meeting' }).click();
    await page.locator('.cm-content').getByText('Things to try').waitFor();

    await visitor.open('/events');
    await visitor.live();
    await visitor.button('Publish one of each type').click();
    await expect.poll(() => page.locator('[data-type]').count()).toBe(4);

    await visitor.open('/game/first');
    await visitor.live();
    await visitor.button('Take a seat').click();
    await visitor.button('Play against Nora (simulated)').click();
    await page.locator('[data-game-status="playing"]').waitFor();
    await page.locator('[data-cell="0"]').click();
    await page.locator('[data-cell="4"] .o').waitFor();

    await visitor.open('/assistant');
    await visitor.button('What is a gap?').click();
    await page.locator('[data-status="complete"]').waitFor();

    await visitor.open('/tasks');
    await visitor.button('Use a sample of 20,000 rows').click();
    await visitor.button('Import').click();
    await page.locator('[data-task-status="completed"]').waitFor();
    await page.locator('[data-rows="20000"]').waitFor();
  }, 90_000);

  it('is shown first what is found nowhere else', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice);
    await expect.poll(() => visitor.page.locator('main a h3').first().innerText()).toBe('Chaos panel');
  });
});
