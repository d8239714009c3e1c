import { launch } from 'puppeteer-core';
import type { BrowserPage } from './browser-page.ts';

/** Starts Firefox ESR, headless, by WebDriver BiDi. */
export async function startFirefox(): Promise<BrowserPage> {
  const browser = await launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX_PATH ?? '/usr/bin/firefox-esr',
    headless: true,
    protocolTimeout: 60_000,
  });
  const page = await browser.newPage();
  return {
    browser: await browser.version(),
    open: async (url) => {
      await page.goto(url);
    },
    call: (name, argument) =>
      page.evaluate(
        (called, given) =>
          (globalThis as unknown as Record<string, (argument: string) => Promise<void>>)[called]?.(given),
        name,
        argument,
      ),
    close: () => browser.close(),
  };
}
