import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startConformanceServer, type ConformanceServer } from './conformance-server.ts';
import { scenarios } from './scenarios.ts';

describe('the protocol, with the client in Chromium', () => {
  let server: ConformanceServer;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('in-page.ts', import.meta.url))],
      bundle: true,
      format: 'esm',
      write: false,
    });
    server = await startConformanceServer();
    server.servePage(outputFiles[0]?.text ?? '');
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
    });
    page = await browser.newPage();
    await page.goto(`${server.origin}/page`);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  it.each(scenarios)('$name', ({ name }) =>
    page.evaluate(
      (scenario) => (globalThis as unknown as { runScenario(name: string): Promise<void> }).runScenario(scenario),
      name,
    ),
  );

  it('PROTOCOL 3.5: a page of an origin that is not allowed cannot read a stream', async () => {
    const stranger = await browser.newPage();
    await stranger.goto('data:text/html,<title>A stranger</title>');
    const outcome = await stranger.evaluate(
      (url) =>
        fetch(url, { headers: { Authorization: 'Bearer stolen' } }).then(
          ({ status }) => `read, ${status}`,
          () => 'blocked',
        ),
      `${server.origin}/topics/a`,
    );
    expect(outcome).toBe('blocked');
  });
});
