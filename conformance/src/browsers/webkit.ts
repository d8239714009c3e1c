import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { BrowserPage } from './browser-page.ts';

/** How long WebKit's driver has to start. */
const startTimeoutMs = 20_000;
/** How long a call in the page may take. */
const callTimeoutMs = 60_000;

/** Starts WebKitGTK's MiniBrowser on a virtual screen, by plain WebDriver (W3C). */
export async function startWebKit(): Promise<BrowserPage> {
  const port = await freePort();
  const driver = spawn('xvfb-run', ['--auto-servernum', 'WebKitWebDriver', `--port=${port}`], {
    // In a separate process group, which can be ended as a whole: xvfb-run does not end its children.
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1', LC_ALL: 'C' },
  });
  const base = `http://127.0.0.1:${port}`;
  try {
    await untilReady(base, driver);
    const { sessionId, capabilities } = (await command(base, 'POST', '/session', {
      capabilities: {
        alwaysMatch: {
          'webkitgtk:browserOptions': {
            binary: process.env.WEBKIT_PATH ?? '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
            args: ['--automation'],
          },
          timeouts: { script: callTimeoutMs, pageLoad: callTimeoutMs },
        },
      },
    })) as { sessionId: string; capabilities: { browserName: string; browserVersion: string } };
    const session = `/session/${sessionId}`;
    return {
      browser: `WebKit (${capabilities.browserName} ${capabilities.browserVersion})`,
      open: async (url) => {
        await command(base, 'POST', `${session}/url`, { url });
      },
      call: async (name, argument) => {
        const failure = await command(base, 'POST', `${session}/execute/async`, {
          script: `const [name, argument, done] = arguments;
            globalThis[name](argument).then(() => done(null), (error) => done(String(error?.message ?? error)));`,
          args: [name, argument],
        });
        if (typeof failure === 'string') throw new Error(failure);
      },
      close: async () => {
        await command(base, 'DELETE', session).catch(() => undefined);
        await stop(driver);
      },
    };
  } catch (error) {
    await stop(driver);
    throw error;
  }
}

async function command(base: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${base}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(callTimeoutMs + 10_000),
  });
  const { value } = (await response.json()) as { value: unknown };
  if (response.ok) return value;
  const { error, message } = value as { error: string; message: string };
  throw new Error(`WebDriver ${path}: ${error}: ${message}`);
}

async function untilReady(base: string, driver: ChildProcess): Promise<void> {
  const endsAt = Date.now() + startTimeoutMs;
  for (;;) {
    const answer = await fetch(`${base}/status`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answer) return;
    if (driver.exitCode !== null) throw new Error(`WebKitWebDriver exited with ${driver.exitCode}.`);
    if (Date.now() > endsAt) throw new Error(`WebKitWebDriver was not ready within ${startTimeoutMs} ms.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function stop(driver: ChildProcess): Promise<void> {
  if (driver.pid === undefined || driver.exitCode !== null) return;
  const exited = once(driver, 'exit');
  process.kill(-driver.pid, 'SIGTERM');
  await exited;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
