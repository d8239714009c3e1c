import { chromium } from 'playwright-core';
import type { BrowserPage } from './browser-page.ts';

/** Starts Debian's Chromium, headless. */
export async function startChromium(): Promise<BrowserPage> {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  });
  const page = await browser.newPage();
  return {
    browser: `Chromium ${browser.version()}`,
    open: async (url) => {
      await page.goto(url);
    },
    call: (name, argument) =>
      page.evaluate(
        ([called = '', given = '']) =>
          (globalThis as unknown as Record<string, (argument: string) => Promise<void>>)[called]?.(given),
        [name, argument],
      ),
    close: () => browser.close(),
  };
}
