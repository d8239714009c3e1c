import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A program of the repository, started as from a terminal. */
export interface Service {
  readonly child: ChildProcess;
  /** Its output, for the message of a failure. */
  readonly printed: () => string;
  /** Ends it, and resolves when it has ended. */
  end(signal?: 'SIGTERM' | 'SIGKILL' | 'SIGINT'): Promise<void>;
}

export function startService(
  script: string,
  variables: Readonly<Record<string, string | number>>,
  args: readonly string[] = [],
): Service {
  const env = {
    ...process.env,
    ...Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, String(value)])),
  };
  const child = spawn(process.execPath, [script, ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    // Limited: only the end matters for a failed test.
    stream.on('data', (text: string) => {
      lines.push(text);
      if (lines.length > 500) lines.shift();
    });
  }
  return {
    child,
    printed: () => lines.join(''),
    end: async (signal = 'SIGTERM') => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'close');
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Resolves once `url` answers with success. */
export async function answering(url: string, service: Service): Promise<void> {
  for (;;) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok === true) return;
    if (service.child.exitCode !== null)
      throw new Error(`The service ended before it answered at ${url}:\n${service.printed()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Free ports. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      server.listen(0, 'localhost');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
