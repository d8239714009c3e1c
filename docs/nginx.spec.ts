import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createEventStream } from '@sillage/client';
import { createHub, createMemoryEventLog, createStreamEndpoint, type TokenVerifier } from '@sillage/server';
import { createNodeExchange } from '@sillage/server/node';
import { afterEach, describe, expect, it } from 'vitest';
import { blockWith } from './documents.ts';

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
const nginx = folders.map((folder) => join(folder, 'nginx')).find((path) => existsSync(path));
if (nginx === undefined)
  console.warn('What docs/backends.md says of nginx is not tested: install nginx to have it so.');

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endings.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts nginx with the lines of the document before the server at `port`, and all else at its defaults. */
async function startNginx(port: number, version: '1.0' | '1.1'): Promise<string> {
  const { code } = blockWith('docs/backends.md', 'proxy_pass', 'nginx');
  const folder = await mkdtemp(join(tmpdir(), 'sillage-nginx-'));
  const own = await freePort();
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; pid ${folder}/pid; error_log stderr;
    events {}
    http {
      ${paths.join('\n')}
      access_log off;
      server { listen 127.0.0.1:${own};
        ${code.replace('127.0.0.1:3000', `127.0.0.1:${port}`).replace('version 1.1', `version ${version}`)}
      }
    }`,
  );
  const child = spawn(nginx ?? '', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], {
    stdio: 'ignore',
  });
  endings.push(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'close');
    await rm(folder, { recursive: true });
  });
  await expect.poll(() => isListening(own), { timeout: 10_000 }).toBe(true);
  return `http://127.0.0.1:${own}`;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

describe.skipIf(nginx === undefined)('the lines for nginx', () => {
  it.each(['1.1', '1.0'] as const)(
    'pass events on at once, and the last event ID back, over HTTP %s',
    async (version) => {
      const verifier: TokenVerifier = {
        verify: () =>
          Promise.resolve({
            ...{ key: 'alice', tenantId: 't', objectId: 'o', kind: 'user', scopes: [], roles: [], claims: {} },
            ...{ expiresAtMs: Date.now() + 60_000, supportsClaimsChallenge: false },
          }),
      };
      const hub = createHub({ log: createMemoryEventLog() });
      const endpoint = createStreamEndpoint({ hub, verifier });
      const server = createServer((request, response) => {
        void endpoint.stream(createNodeExchange(request, response), { topics: ['news'] });
      });
      const origin = await startNginx(await listen(server), version);
      endings.push(() => endpoint.close());

      const options = { accessToken: () => 'token', reconnect: 'never' } as const;
      const seen: unknown[] = [];
      const first = createEventStream(origin, options);
      const stop = first.subscribe({ next: ({ data }) => void seen.push(data) });
      await expect.poll(() => first.state.status).toBe('open');
      const sentAt = performance.now();
      await hub.publish('news', { data: 'one' });
      await expect.poll(() => seen, { interval: 5 }).toEqual(['one']);
      expect(performance.now() - sentAt).toBeLessThan(2_000);
      stop();

      await hub.publish('news', { data: 'two' });
      for await (const { data } of createEventStream(origin, { ...options, lastEventId: first.lastEventId })) {
        expect(data).toBe('two');
        break;
      }
    },
  );

  it('would, over HTTP 1.0, keep the events of a server that does not say X-Accel-Buffering: no', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: 1\n\n');
      for (const wait of [100, 200, 300]) setTimeout(() => response.write('data: later\n\n'), wait);
    });
    const origin = await startNginx(await listen(server), '1.0');
    let text = '';
    const read = async (): Promise<void> => {
      for await (const chunk of (await fetch(origin)).body ?? []) text += new TextDecoder().decode(chunk);
    };
    void read().catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(text).toBe('');
  });
});
