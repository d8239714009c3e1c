import { describe, expect, it } from 'vitest';
import { alice } from './stack.ts';
import type { Visitor } from './visitor.ts';
import { withStack } from './with-stack.ts';

describe('the chaos panel', () => {
  const world = withStack({ api: () => ({ KEY_FETCH_INTERVAL_MS: '1000' }) });
  const figure = async ({ page }: Visitor, name: string): Promise<number> =>
    Number(await page.locator(`[data-figure="${name}"]`).getAttribute('data-value'));
  const press = ({ page }: Visitor, fault: string): Promise<void> => page.locator(`[data-fault="${fault}"]`).click();

  /** Forty more events, none missing in between. */
  async function expectProof(visitor: Visitor): Promise<void> {
    await visitor.live();
    const received = await figure(visitor, 'received');
    await expect.poll(() => figure(visitor, 'received'), { timeout: 20_000 }).toBeGreaterThan(received + 40);
    await expect.poll(() => figure(visitor, 'missing')).toBeLessThan(10);
    expect([await figure(visitor, 'lost'), await figure(visitor, 'duplicated')]).toEqual([0, 0]);
    expect(await figure(visitor, 'sent')).toBeGreaterThan(received);
  }

  async function arrive(): Promise<Visitor> {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/chaos');
    await visitor.live();
    await expect.poll(() => figure(visitor, 'received')).toBeGreaterThan(5);
    return visitor;
  }

  it('loses and doubles nothing over a cut, three refusals, new keys, and a frozen tab', async () => {
    const visitor = await arrive();
    const attempts = (): number => visitor.urls.filter((url) => url.endsWith('/pulse/stream')).length;
    // The waits of a client that is refused again and again grow to many seconds: a user does not wait for them either.
    const hurry = async (): Promise<number> => {
      const button = visitor.button('Reconnect now');
      if (await button.isVisible()) await button.click({ timeout: 1_000 }).catch(() => undefined);
      return attempts();
    };
    for (const [fault, connections] of [
      ['cut', 1],
      ['refuse', 4],
      ['rotate-keys', 1],
    ] as const) {
      const before = attempts();
      await press(visitor, fault);
      await expect.poll(hurry, { message: fault, timeout: 60_000 }).toBeGreaterThanOrEqual(before + connections);
      await expectProof(visitor);
    }
    await press(visitor, 'freeze');
    await expect.poll(() => figure(visitor, 'longestPauseMs')).toBeGreaterThan(3_000);
    await expectProof(visitor);
    expect(await visitor.page.locator('ol li').count()).toBe(4);
  }, 150_000);

  it('loses and doubles nothing over a restart of the API', async () => {
    const visitor = await arrive();
    const restarted = visitor.stateIs('waiting');
    await press(visitor, 'restart');
    await restarted;
    await expectProof(visitor);
    expect(await visitor.page.locator('[data-gap]').count()).toBe(0);
  }, 60_000);

  it('changes connection before each token of ten seconds ends, without a pause, and restores the hour', async () => {
    const visitor = await arrive();
    await press(visitor, 'short-tokens');
    await visitor.button('Back to one hour').waitFor();
    await visitor.live();
    await visitor.button('Count from zero').click();
    const rotations = visitor.page.getByText(/Changed connection without a pause: [1-9]/);
    await rotations.waitFor();
    await expectProof(visitor);
    expect(await figure(visitor, 'longestPauseMs')).toBeLessThan(1_000);
    await visitor.button('Back to one hour').click();
    await visitor.button('Tokens of 10 seconds').waitFor();
  }, 60_000);

  it('waits for a second factor, and loses nothing that was sent meanwhile', async () => {
    const visitor = await arrive();
    await press(visitor, 'second-factor');
    await visitor.stateIs('interaction-required');
    await expect.poll(() => figure(visitor, 'missing')).toBeGreaterThan(20);
    const [popup] = await Promise.all([
      visitor.page.waitForEvent('popup'),
      visitor.page.locator('app-sign-in-banner button').click(),
    ]);
    await popup.getByRole('button', { name: alice.username }).click();
    await popup.getByRole('button', { name: 'Confirm it is me' }).click();
    await expectProof(visitor);
    await visitor.button('Withdraw the demand').click();
    await visitor.button('Demand a second factor').waitFor();
  }, 60_000);
});
