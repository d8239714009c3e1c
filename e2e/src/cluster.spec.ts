import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePorts, startService, type Service } from './service.ts';
import { alice, bob } from './stack.ts';
import { launchChromium, Visitor } from './visitor.ts';

describe.each(['redis', 'postgres'])('npm run start:cluster, with %s', (engine) => {
  let service: Service;
  let browser: Browser;
  let web: string;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sillage-cluster-'));
    const [webPort = 0, apiPort = 0, emulatorPort = 0, controlPort = 0] = await freePorts(4);
    const ports = {
      WEB_PORT: webPort,
      API_PORT: apiPort,
      EMULATOR_PORT: emulatorPort,
      EMULATOR_CONTROL_PORT: controlPort,
    };
    service = startService('scripts/start.mjs', { ...ports, DATA_DIR: folder }, ['--cluster', engine]);
    web = `http://localhost:${webPort}`;
    browser = await launchChromium();
    await vi.waitFor(() => expect(service.printed()).toContain('Sillage is ready'), { timeout: 60_000 });
  }, 90_000);
  afterAll(async () => {
    await browser.close();
    await service.end();
    await rm(folder, { recursive: true, force: true });
  });

  it('two users chat while one node and then the other is killed: nothing is lost, and no page shows a gap', async () => {
    const visitors = await Promise.all([alice, bob].map(() => Visitor.arrive(browser, { web })));
    const [first, second] = visitors as [Visitor, Visitor];
    await first.signIn(alice, '/chat/cluster');
    await second.signIn(bob, '/chat/cluster');
    await Promise.all([first.live(), second.live()]);
    const said: string[] = [];
    const say = async (visitor: Visitor, text: string): Promise<void> => {
      await visitor.page.getByLabel('Message', { exact: true }).fill(text);
      await visitor.button('Send').click();
      said.push(text);
      await Promise.all(visitors.map((each) => each.sees(text)));
    };
    await say(first, 'Hello Bob');
    await say(second, 'Hello Alice');
    for (const node of ['api 1', 'api 2']) {
      const processes = [...service.printed().matchAll(new RegExp(`${node}: process (\\d+)`, 'g'))];
      process.kill(Number(processes.at(-1)?.[1]), 'SIGKILL');
      await expect.poll(service.printed).toContain(`${node} has ended.`);
      await say(first, `Alice after ${node}`);
      await say(second, `Bob after ${node}`);
      // It starts again by itself, and the next one may be killed.
      await expect
        .poll(() => service.printed().split(`${node} is back`).length, { timeout: 30_000 })
        .toBeGreaterThan(1);
    }
    const late = await Visitor.arrive(browser, { web });
    await late.signIn(alice, '/chat/cluster');
    for (const text of said) {
      await late.sees(text);
      for (const visitor of [...visitors, late]) expect(await visitor.count(text)).toBe(1);
    }
    for (const visitor of visitors) expect(await visitor.page.locator('[data-gap]').count()).toBe(0);
  }, 120_000);
});
