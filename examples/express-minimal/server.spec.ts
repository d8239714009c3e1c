import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createEventStream } from '@sillage/client';
import { ALICE, CONTOSO, SAMPLE_API, startEntraEmulator, type EntraEmulator } from '@sillage/entra-emulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

describe('the minimal Express example', () => {
  let emulator: EntraEmulator;
  let child: ChildProcess;
  let origin: string;
  let token: string;

  beforeAll(async () => {
    emulator = await startEntraEmulator();
    token = await emulator.mintToken({ username: ALICE.username, scopes: ['Stream.Access'] });
    ({ child, origin } = await start());
  });
  afterAll(async () => {
    child.kill('SIGTERM');
    await once(child, 'close');
    await emulator.close();
  });

  async function start(): Promise<{ child: ChildProcess; origin: string }> {
    const started = spawn(process.execPath, [fileURLToPath(new URL('server.mjs', import.meta.url))], {
      env: {
        ...process.env,
        PORT: '0',
        ENTRA_TENANT_ID: CONTOSO.tenantId,
        ENTRA_API_CLIENT_ID: SAMPLE_API.clientId,
        ENTRA_AUTHORITY: emulator.origin,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(started.stdout), 'line')) as [string];
    return { child: started, origin: line };
  }

  const say = (message: string): Promise<Response> =>
    fetch(`${origin}/chat/session-123`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ message }),
    });

  it('streams to a client with a token, and replays missed events', async () => {
    const open = (lastEventId: string) =>
      createEventStream<{ user: string; message: string }>(`${origin}/chat/stream/session-123`, {
        accessToken: () => token,
        lastEventId,
      });
    const first = ((await (await say('one')).json()) as { id: string }).id;
    await say('two');
    const seen: string[] = [];
    for await (const { data } of open(first)) {
      seen.push(`${data.user}: ${data.message}`);
      if (seen.length === 1) await say('three');
      if (seen.length === 2) break;
    }
    expect(seen).toEqual([`${ALICE.displayName}: two`, `${ALICE.displayName}: three`]);
  });

  it('refuses a client without a token, and pages of other origins', async () => {
    expect((await fetch(`${origin}/chat/stream/session-123`)).status).toBe(401);
    const other = await fetch(`${origin}/chat/stream/x`, { headers: { Origin: 'https://elsewhere.example' } });
    expect(other.headers.get('Access-Control-Allow-Origin')).toBeNull();
  });

  it.each<[string, { body?: string | null; headers?: Record<string, string>; session?: string }, number]>([
    ['a body that is not JSON', { body: '{' }, 400],
    ['a body in an unknown charset', { headers: { 'Content-Type': 'application/json; charset=x-none' } }, 415],
    ['a body in an unknown encoding', { headers: { 'Content-Encoding': 'x-none' } }, 415],
    ['a body that is too large', { body: JSON.stringify({ message: 'x'.repeat(200_000) }) }, 413],
    ['a message that is not a string', { body: '{"message":{"a":1}}' }, 400],
    ['no body', { body: null }, 400],
    ['a session that is not percent-encoded correctly', { session: '%ff' }, 400],
    ['a session that cannot be a topic', { session: 'x'.repeat(2_000) }, 400],
  ])('answers %s with a problem and no stack trace', async (_, { session = 'session-123', headers, body }, status) => {
    const response = await fetch(`${origin}/chat/${session}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
      body: body === undefined ? '{"message":"x"}' : body,
    });
    const text = await response.text();
    expect([response.status, response.headers.get('Content-Type')]).toEqual([
      status,
      expect.stringContaining('application/problem+json'),
    ]);
    expect(text).not.toMatch(/node_modules|\.mjs|<html/i);
  });

  it('refuses a request without a token before it reads the body', async () => {
    const response = await fetch(`${origin}/chat/session-123`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{',
    });
    expect(response.status).toBe(401);
  });

  it('exits on SIGTERM while a stream is open and a request body never ends', { timeout: 15_000 }, async () => {
    const second = await start();
    const stream = await fetch(`${second.origin}/chat/stream/session-123`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    expect(stream.status).toBe(200);
    const { hostname, port } = new URL(second.origin);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write(
      `POST /chat/session-123 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n`,
    );
    // The interim response shows that the request has begun.
    await once(socket, 'data');
    second.child.kill('SIGTERM');
    expect(await once(second.child, 'exit')).toEqual([0, null]);
    await stream.text().catch(() => undefined);
  });
});
