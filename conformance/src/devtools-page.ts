import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Chromium that is driven by the DevTools protocol alone: Playwright keeps its pages visible, and such pages cannot be frozen. */
export interface DevtoolsChromium {
  open(url: string): Promise<DevtoolsPage>;
  close(): Promise<void>;
}

export interface DevtoolsPage {
  /** The value of an expression in the page. */
  evaluate(expression: string): Promise<unknown>;
  navigate(url: string): Promise<void>;
  /** Goes back in the history: the page comes out of the back/forward cache. */
  goBack(): Promise<void>;
  /** Freezes the page, and later thaws it: it gets `freeze` and `resume`. */
  setLifecycle(state: 'frozen' | 'active'): Promise<void>;
  /** Ends the process of the page, which gets no event. */
  crash(): Promise<void>;
  close(): Promise<void>;
}

interface Target {
  readonly id: string;
  readonly webSocketDebuggerUrl: string;
}

/** Starts Chromium with a page at `url`, which ends with the page. */
export async function openDevtoolsPage(url: string): Promise<DevtoolsPage> {
  const browser = await startDevtoolsChromium();
  const page = await browser.open(url);
  return { ...page, close: () => browser.close() };
}

export async function startDevtoolsChromium(): Promise<DevtoolsChromium> {
  const profile = await mkdtemp(join(tmpdir(), 'sillage-chromium-'));
  const chromium = spawn(
    process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ...['--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const port = await debuggingPort(chromium.stderr);
  const origin = `http://127.0.0.1:${port}`;
  return {
    async open(url) {
      const opened = await fetch(`${origin}/json/new?${encodeURIComponent(url)}`, { method: 'PUT' });
      const { id, webSocketDebuggerUrl } = (await opened.json()) as Target;
      const page = await driveTarget(webSocketDebuggerUrl);
      return {
        ...page,
        async close() {
          await fetch(`${origin}/json/close/${id}`);
          await page.close();
        },
      };
    },
    async close() {
      chromium.kill();
      await once(chromium, 'close');
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function driveTarget(debuggerUrl: string): Promise<DevtoolsPage> {
  const socket = new WebSocket(debuggerUrl);
  await new Promise((resolve) => socket.addEventListener('open', resolve));

  const waiting = new Map<number, (result: Record<string, unknown>) => void>();
  socket.addEventListener('message', ({ data }) => {
    const { id, result = {} } = JSON.parse(String(data)) as { id: number; result?: Record<string, unknown> };
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  let calls = 0;
  const send = (method: string, params: object = {}): Promise<Record<string, unknown>> =>
    new Promise((resolve) => {
      calls += 1;
      waiting.set(calls, resolve);
      socket.send(JSON.stringify({ id: calls, method, params }));
    });
  await send('Page.enable');

  const evaluate = async (expression: string): Promise<unknown> => {
    const { result } = await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    return (result as { value?: unknown }).value;
  };

  return {
    evaluate,
    async navigate(to) {
      await send('Page.navigate', { url: to });
      // It answers before the page is there.
      while ((await evaluate('location.href')) !== to) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    async goBack() {
      const { entries, currentIndex } = await send('Page.getNavigationHistory');
      const entry = (entries as { id: number }[])[Number(currentIndex) - 1];
      await send('Page.navigateToHistoryEntry', { entryId: entry?.id });
    },
    async setLifecycle(state) {
      await send('Page.setWebLifecycleState', { state });
    },
    async crash() {
      // The page's process ends, so it never answers.
      void send('Page.crash');
      await new Promise((resolve) =>
        socket.addEventListener('message', ({ data }) => {
          if (String(data).includes('Inspector.targetCrashed')) resolve(undefined);
        }),
      );
    },
    async close() {
      socket.close();
      await Promise.resolve();
    },
  };
}

async function debuggingPort(output: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of output) {
    text += String(chunk);
    const found = /ws:\/\/[^:]+:(\d+)\//.exec(text)?.[1];
    if (found !== undefined) {
      output.resume();
      return found;
    }
  }
  throw new Error(`Chromium did not start: ${text}`);
}
