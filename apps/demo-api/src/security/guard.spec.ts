import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withApi } from '../with-api.fixture.ts';

/** A path of the pattern. What its groups are does not matter: the guard comes first. */
const pathOf = (pattern: string): string => pattern.replaceAll(/:\w+/g, 'x');
const methodOf = (pattern: string): string => (pattern === '/chat/completions/stream' ? 'POST' : 'GET');
const codeOf = async (response: Response): Promise<unknown> => ((await response.json()) as { code: unknown }).code;

describe('the guard of every stream', () => {
  const held = withApi();
  const limited = withApi(() => ({ variables: { RATE_LIMIT_STREAMS: '1' } }));

  it('refuses every stream of the table without a token', async () => {
    const { origin, streamPaths } = held.api;
    expect(streamPaths).toHaveLength(14);
    for (const pattern of streamPaths) {
      const response = await fetch(`${origin}${pathOf(pattern)}`, { method: methodOf(pattern) });
      expect([pattern, response.status, await codeOf(response)]).toEqual([pattern, 401, 'no-token']);
    }
  });

  it('challenges every stream of a user who demands a second factor', async () => {
    const token = await held.emulator.mintToken({
      username: 'alice@contoso.example',
      scopes: ['Stream.Access'],
      claims: { xms_cc: ['cp1'] },
    });
    await held.api.json('alice', 'POST', '/security/step-up');
    for (const pattern of held.api.streamPaths) {
      const response = await fetch(`${held.api.origin}${pathOf(pattern)}`, {
        method: methodOf(pattern),
        headers: { Authorization: `Bearer ${token}` },
      });
      expect([pattern, response.status, await codeOf(response)]).toEqual([pattern, 401, 'insufficient-claims']);
    }
    await held.api.json('alice', 'DELETE', '/security/step-up');
  });

  it('limits the attempts to every stream', async () => {
    const first = await limited.api.call('alice', 'GET', '/events/stream');
    expect(first.status).toBe(200);
    await first.body?.cancel();
    for (const pattern of limited.api.streamPaths) {
      const response = await limited.api.call('alice', methodOf(pattern), pathOf(pattern));
      expect([pattern, response.status]).toEqual([pattern, 429]);
      await response.body?.cancel();
    }
  });

  it('limits the streams that a user has open, also those that take a ticket', async () => {
    const open = () => held.api.call('bob', 'GET', '/transports/stream');
    const streams = await Promise.all(Array.from({ length: 100 }, open));
    expect(streams.every(({ status }) => status === 200)).toBe(true);
    expect((await open()).status).toBe(429);
    expect((await held.api.call('alice', 'GET', '/events/stream')).status).toBe(200);
    for (const { body } of streams) await body?.cancel();
    await expect.poll(async () => (await open()).status).toBe(200);
  });

  it('is the only way to serve a stream: no feature calls the endpoint or its adapters', () => {
    const root = join(import.meta.dirname, '..');
    const offenders = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !/\.(spec|fixture)\.ts$/.test(path))
      .filter((path) =>
        /\bexpress(Stream|Respond)\b|\b(main|allTransports|endpoint)\.(stream|respond)\(/.test(
          readFileSync(join(root, path), 'utf8'),
        ),
      );
    expect(offenders).toEqual([]);
  });
});

describe('the guard of every other route', () => {
  const held = withApi();
  const limited = withApi(() => ({ variables: { RATE_LIMIT_REQUESTS: '1' } }));

  it('refuses every route without a token', async () => {
    const { origin, routes } = held.api;
    expect(routes.length).toBeGreaterThan(25);
    for (const [method, path] of routes) {
      const response = await fetch(`${origin}${pathOf(path)}`, { method });
      expect([method, path, response.status]).toEqual([method, path, 401]);
    }
  });

  it('limits the requests to every route', async () => {
    expect((await limited.api.call('bob', 'GET', '/me')).status).toBe(200);
    for (const [method, path] of limited.api.routes) {
      const response = await limited.api.call('bob', method, pathOf(path));
      expect([method, path, response.status]).toEqual([method, path, 429]);
    }
  });

  /** Sends the head of a request and half of its body. Resolves with the status line of the answer. */
  async function sendHalf(origin: string, path: string, headers: string): Promise<string> {
    const { hostname, port } = new URL(origin);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n${headers}\r\n{"a":`,
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return answer.toString('latin1').split('\r\n', 1)[0] ?? '';
  }

  it.each(['/events', '/documents', '/chat/completions/stream', '/transports/tickets', '/nowhere'])(
    'refuses POST %s before the body has arrived: without a token, and past the limit',
    async (path) => {
      expect(await sendHalf(held.api.origin, path, '')).toContain(' 401 ');
      if (path === '/chat/completions/stream') return;
      const authorization = `Authorization: Bearer ${limited.api.tokens.bob}\r\n`;
      expect(await sendHalf(limited.api.origin, path, authorization)).toContain(' 429 ');
    },
  );
});

describe('requests of strangers', () => {
  const held = withApi();

  it('are not logged, neither to the destination nor to the pages', async () => {
    const log = held.api.follow<{ message: string; fields: { path?: string } }>('alice', '/logs/stream/access', {
      lastEventId: 'from-the-start',
    });
    const apps = held.api.follow<{ message: string }>('alice', '/logs/stream/app', { lastEventId: 'from-the-start' });
    await apps.until(({ data }) => data.message === 'session opened');
    const before = held.api.logged.length;
    for (let count = 0; count < 20; count += 1) {
      for (const path of ['/me', '/events/stream', `/nowhere-${count}`, '/tasks/stream/x']) {
        const response = await fetch(`${held.api.origin}${path}`, { headers: { Authorization: 'Bearer nonsense' } });
        expect(response.status).toBe(401);
      }
    }
    await held.api.json('bob', 'GET', '/me?secret=never');
    const seen = await log.until(({ data }) => data.fields.path === '/me');
    expect(seen.filter(({ data }) => data.message === 'request')).toHaveLength(1);
    // Bob's request, and that he signed in.
    expect(held.api.logged.length - before).toBe(2);
    for (const stream of [log, apps]) stream.close();
  });
});

describe('log lines', () => {
  const held = withApi();

  it('do not push samples out, since they have a separate log', async () => {
    const [bobs, alices] = [held.api.follow('bob', '/health/stream'), held.api.follow('alice', '/health/stream')];
    await Promise.all([bobs.until(() => true), alices.until(() => true)]);
    const { lastEventId } = bobs;
    bobs.close();
    // A sample that Bob misses, and then more lines than the log of samples holds events.
    await alices.until(({ id }) => id !== lastEventId);
    alices.close();
    for (let count = 0; count < 6_000; count += 1) held.api.logging.app.debug('a line');
    const again = held.api.follow('bob', '/health/stream', { lastEventId });
    await again.until(() => true);
    expect(again.gaps).toEqual([]);
  });
});
