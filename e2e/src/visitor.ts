import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core';
import { expect } from 'vitest';
import type { SampleUser, Stack } from './stack.ts';

/** Starts Chromium as TOOLCHAIN-less machines have it: Debian's, headless. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
    ],
  });
}

/** Somebody with a browser of their own. */
export class Visitor {
  readonly page: Page;
  /** Every URL that the browser has asked for. */
  readonly urls: string[] = [];
  /** What went wrong on the page: uncaught errors. */
  readonly errors: string[] = [];
  readonly #stack: Stack;
  readonly #context: BrowserContext;

  private constructor(stack: Stack, context: BrowserContext, page: Page) {
    this.#stack = stack;
    this.#context = context;
    this.page = page;
    context.on('request', (request) => this.urls.push(request.url()));
    page.on('pageerror', (error) => this.errors.push(error.message));
  }

  static async arrive(browser: Browser, stack: Stack): Promise<Visitor> {
    const context = await browser.newContext();
    context.setDefaultTimeout(20_000);
    return new Visitor(stack, context, await context.newPage());
  }

  async open(path: string): Promise<void> {
    await this.page.goto(`${this.#stack.web}${path}`);
  }

  /** Signs in as a person does, and ends on the page where they began. */
  async signIn(user: SampleUser, how: 'redirect' | 'popup' = 'redirect', path = '/'): Promise<void> {
    await this.open(path);
    const account = (page: Page): Locator => page.getByRole('button', { name: user.username });
    if (how === 'popup') {
      const [popup] = await Promise.all([this.page.waitForEvent('popup'), this.button('Sign in with a popup').click()]);
      await account(popup).click();
    } else {
      await this.button('Sign in').click();
      await account(this.page).click();
    }
    await this.page.getByTestId('me').getByText(user.name).first().waitFor();
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true }).first();
  }

  /** What the page says of its stream. */
  get state(): Locator {
    return this.page.locator('[data-state]').first();
  }

  stateIs(state: string): Promise<void> {
    return this.page.locator(`[data-state="${state}"]`).first().waitFor();
  }

  live(): Promise<void> {
    return this.stateIs('open');
  }

  sees(text: string): Promise<void> {
    return this.page.getByText(text, { exact: true }).first().waitFor();
  }

  count(text: string): Promise<number> {
    return this.page.getByText(text, { exact: true }).count();
  }

  /** Slows down what the page sends, to so many bytes a second. */
  async uploadAt(bytesPerSecond: number): Promise<void> {
    const session = await this.#context.newCDPSession(this.page);
    const conditions = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytesPerSecond };
    await session.send('Network.emulateNetworkConditions', conditions);
  }

  /** What the page of imports says of the one that it follows. */
  async importedRows(): Promise<number> {
    const shown = this.page.locator('[data-rows]').first();
    await shown.waitFor();
    return Number(await shown.getAttribute('data-rows'));
  }

  /** Every page that the browser has open, popups included. */
  get windows(): number {
    return this.#context.pages().length;
  }

  get context(): BrowserContext {
    return this.#context;
  }

  /** What must hold of every visit: no token in a URL, no uncaught error. */
  expectCleanVisit(): void {
    expect(this.urls.filter((url) => /access_token=|eyJ[\w-]+\.[\w-]+\./.test(url.split('#')[0] ?? ''))).toEqual([]);
    expect(this.errors).toEqual([]);
  }
}
