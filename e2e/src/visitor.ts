import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core';
import { expect } from 'vitest';
import type { SampleUser, Stack } from './stack.ts';

/** Starts Debian's Chromium, headless. */
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

/** The state of a tab once a user has signed in there. */
interface SignedIn {
  readonly sessionStorage: Readonly<Record<string, string>>;
}

/** One sign-in per user, for the visitors of a file. */
export type SignIns = Map<string, Promise<SignedIn>>;

/** A user with a separate browser context: nothing is shared with other visitors. */
export class Visitor {
  readonly page: Page;
  /** Every URL that the browser has requested. */
  readonly urls: string[] = [];
  /** Uncaught errors of the page. */
  readonly errors: string[] = [];
  readonly #stack: Pick<Stack, 'web'>;
  readonly #context: BrowserContext;
  readonly #signIns: SignIns;

  private constructor(stack: Pick<Stack, 'web'>, signIns: SignIns, context: BrowserContext, page: Page) {
    this.#stack = stack;
    this.#signIns = signIns;
    this.#context = context;
    this.page = page;
    context.on('request', (request) => this.urls.push(request.url()));
    page.on('pageerror', (error) => this.errors.push(error.message));
  }

  static async arrive(browser: Browser, stack: Pick<Stack, 'web'>, signIns: SignIns = new Map()): Promise<Visitor> {
    const context = await browser.newContext();
    context.setDefaultTimeout(20_000);
    return new Visitor(stack, signIns, context, await context.newPage());
  }

  async open(path: string): Promise<void> {
    await this.page.goto(`${this.#stack.web}${path}`);
  }

  /**
   * Opens a page as a signed-in user. The first visitor of a file signs in, and the others begin with the state of that tab: a sign-in takes
   * seconds, and is not what most tests are about.
   */
  async signIn(user: SampleUser, path = '/'): Promise<void> {
    const earlier = this.#signIns.get(user.username);
    if (earlier === undefined) {
      const state = this.signInBy('redirect', user, path).then(() => this.#readState());
      this.#signIns.set(user.username, state);
      await state;
      return;
    }
    await this.page.addInitScript(
      ({ sessionStorage: entries, origin }) => {
        // Only the app's own first page: a frame, a popup and a later page have their state already.
        if (location.origin !== origin || window !== top || opener !== null || sessionStorage.length > 0) return;
        for (const [key, value] of Object.entries(entries)) sessionStorage.setItem(key, value);
      },
      { ...(await earlier), origin: this.#stack.web },
    );
    await this.open(path);
    await this.page.getByTestId('me').getByText(user.name).first().waitFor();
  }

  /** The entries of MSAL only: the app stores the conversation of a tab there too. */
  async #readState(): Promise<SignedIn> {
    const entries = await this.page.evaluate(() =>
      Object.entries(sessionStorage).filter(([key]) => key.startsWith('msal.')),
    );
    return { sessionStorage: Object.fromEntries(entries) };
  }

  /** Signs in through the identity provider, and returns to the page where the sign-in began. */
  async signInBy(how: 'redirect' | 'popup', user: SampleUser, path = '/'): Promise<void> {
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

  /** Where the page shows the state of its stream. */
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

  /** Limits the upload of the page to a number of bytes per second. */
  async uploadAt(bytesPerSecond: number): Promise<void> {
    const session = await this.#context.newCDPSession(this.page);
    const conditions = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytesPerSecond };
    await session.send('Network.emulateNetworkConditions', conditions);
  }

  /** The number of rows that the page of imports shows. */
  async importedRows(): Promise<number> {
    const shown = this.page.locator('[data-rows]').first();
    await shown.waitFor();
    return Number(await shown.getAttribute('data-rows'));
  }

  /** The number of open pages, popups included. */
  get windows(): number {
    return this.#context.pages().length;
  }

  get context(): BrowserContext {
    return this.#context;
  }

  /** Checks what must hold for every visit: no token in a URL, and no uncaught error. */
  expectCleanVisit(): void {
    expect(this.urls.filter((url) => /access_token=|eyJ[\w-]+\.[\w-]+\./.test(url.split('#')[0] ?? ''))).toEqual([]);
    expect(this.errors).toEqual([]);
  }
}
