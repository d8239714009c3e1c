/** A page in a browser, whatever the browser is driven by. */
export interface BrowserPage {
  /** Name and version. */
  readonly browser: string;
  open(url: string): Promise<void>;
  /** Calls a function of the page's `globalThis` that returns a promise, and rejects with the text of what it rejects with. */
  call(name: string, argument: string): Promise<void>;
  close(): Promise<void>;
}
