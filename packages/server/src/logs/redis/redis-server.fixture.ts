import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.fixture.ts';

/** A real Redis server for tests, in a temporary folder, on a free port of the loopback interface. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  start(): Promise<void>;
  /** Ends the process. What is in memory only is lost. */
  kill(): Promise<void>;
  /** Copies what is on the disk, and returns a function that puts it back while the server is stopped. */
  backUp(): () => void;
  remove(): Promise<void>;
}

export async function startRedis(...settings: readonly string[]): Promise<RedisServer> {
  if (!existsSync('/usr/bin/redis-server')) {
    throw new Error('These tests need Redis. "npm test" installs it as root on Debian; else install redis-server.');
  }
  const folder = mkdtempSync(join(tmpdir(), 'sillage-redis-'));
  const port = await freePort();
  let child: ChildProcess | undefined;
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    port,
    async start() {
      const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
      child = spawn('/usr/bin/redis-server', [...place, '--save', '', '--appendonly', 'no', ...settings], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let output = '';
      for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
        output += chunk.toString();
        if (output.includes('Ready to accept connections')) break;
      }
      if (!output.includes('Ready to accept connections')) throw new Error(`Redis has not started:\n${output}`);
    },
    async kill() {
      if (child?.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
    backUp() {
      const copy = mkdtempSync(join(tmpdir(), 'sillage-redis-copy-'));
      cpSync(folder, copy, { recursive: true });
      return () => {
        rmSync(folder, { recursive: true });
        cpSync(copy, folder, { recursive: true });
        rmSync(copy, { recursive: true });
      };
    },
    async remove() {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

/** A proxy whose connections can stop to carry anything, without ending: a network that swallows everything. */
export async function startProxy(target: number) {
  const sockets = new Set<Socket>();
  let isSwallowing = false;
  const server = createServer((inner) => {
    const outer = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => {
        if (!isSwallowing) to.write(chunk);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    swallow: (on: boolean) => (isSwallowing = on),
    cut(): void {
      for (const socket of sockets) socket.destroy();
    },
    async stop(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
