import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEventStream, type SseEvent } from '@sillage/client';
import { ALICE, BOB, CONTOSO, SAMPLE_API, startEntraEmulator, type EntraEmulator } from '@sillage/entra-emulator';
import type { ChatHistory, ChatMessage, Person } from 'demo-contract';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoApi, type DemoApi } from './app.ts';
import type { Assistant } from './assistant/assistant.ts';
import { readConfig } from './config.ts';

const silent: Assistant = {
  info: { kind: 'embedded', description: 'Repeats what it was told, for this test.' },
  async *answer(turns) {
    for (const { content } of turns) yield await Promise.resolve(`${content};`);
  },
};

describe('the demo API', () => {
  const logged: string[] = [];
  let emulator: EntraEmulator;
  let api: DemoApi;
  let server: Server;
  let origin: string;
  let tokens: Record<'alice' | 'bob', string>;

  beforeAll(async () => {
    emulator = await startEntraEmulator();
    const config = readConfig({
      ENTRA_TENANT_ID: CONTOSO.tenantId,
      ENTRA_API_CLIENT_ID: SAMPLE_API.clientId,
      ENTRA_AUTHORITY: emulator.origin,
    });
    api = createDemoApi(config, silent, pino({ level: 'trace' }, { write: (line) => void logged.push(line) }));
    server = createServer(api.app).listen(0, 'localhost');
    await once(server, 'listening');
    origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    const mint = (username: string): Promise<string> => emulator.mintToken({ username, scopes: ['Stream.Access'] });
    tokens = { alice: await mint(ALICE.username), bob: await mint(BOB.username) };
  });
  afterAll(async () => {
    await api.close();
    server.closeAllConnections();
    server.close();
    await emulator.close();
  });

  const call = (who: 'alice' | 'bob', method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${origin}${path}`, {
      method,
      headers: { Authorization: `Bearer ${tokens[who]}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });

  it.each([
    ['a notice without a title', 'POST', '/notifications', { to: 'x', message: 'y' }, 400, 'title'],
    ['a notice for nobody', 'POST', '/notifications', { to: 'x', title: 'y', message: 'z' }, 404, 'GET people'],
    ['a chat message that is empty', 'POST', '/chat/lobby/messages', { text: '  ' }, 400, 'text'],
    ['a chat session of a strange name', 'GET', '/chat/a%20b/messages', undefined, 400, 'letters'],
    ['an event of an unknown type', 'POST', '/events', { type: 'gap', text: 'x' }, 400, 'type'],
    ['a body that is no JSON', 'POST', '/events', '{', 400, 'could not be read'],
    [
      'a body that is too large',
      'POST',
      '/events',
      JSON.stringify({ text: 'x'.repeat(70_000) }),
      413,
      'could not be read',
    ],
    ['a path that is not there', 'GET', '/nowhere', undefined, 404, 'nothing at this path'],
  ])('refuses %s with a problem that says what to do', async (_, method, path, body, status, detail) => {
    const response = await call('alice', method, path, body);
    expect(response.status).toBe(status);
    expect(response.headers.get('Content-Type')).toContain('application/problem+json');
    expect(((await response.json()) as { detail: string }).detail).toContain(detail);
  });

  it('says who somebody is, and shows sessions to administrators alone', async () => {
    expect(await (await call('alice', 'GET', '/me')).json()).toMatchObject({
      name: ALICE.displayName,
      roles: ['Stream.Admin'],
      stepUp: 'not-demanded',
    });
    expect((await call('alice', 'GET', '/sessions')).status).toBe(200);
    expect((await call('bob', 'GET', '/sessions')).status).toBe(403);
  });

  it('gives a chat’s history with the place where its stream goes on, so that nothing falls between', async () => {
    await call('alice', 'POST', '/chat/room/messages', { text: 'one' });
    const history = (await (await call('bob', 'GET', '/chat/room/messages')).json()) as ChatHistory;
    await call('alice', 'POST', '/chat/room/messages', { text: 'two' });
    const stream = createEventStream<ChatMessage>(`${origin}/chat/stream/room`, {
      accessToken: () => tokens.bob,
      lastEventId: history.lastEventId,
    });
    const seen: SseEvent<ChatMessage>[] = [];
    for await (const event of stream) {
      seen.push(event);
      break;
    }
    expect(history.messages.map(({ text }) => text)).toEqual(['one']);
    expect(seen.map(({ data }) => data.text)).toEqual(['two']);
  });

  it('keeps a conversation with the assistant, and one person’s apart from another’s', async () => {
    const ask = async (who: 'alice' | 'bob', prompt: string): Promise<string> => {
      const stream = createEventStream<string>(`${origin}/chat/completions/stream`, {
        accessToken: () => tokens[who],
        body: JSON.stringify({ prompt, conversationId: 'same' }),
        headers: { 'Content-Type': 'application/json' },
      });
      return (await Array.fromAsync(stream, ({ data }) => data)).join('');
    };
    await ask('alice', 'first');
    expect(await ask('alice', 'second')).toBe('first;first;;second;');
    expect(await ask('bob', 'mine')).toBe('mine;');
  });

  it('notifies one person and nobody else', async () => {
    await call('bob', 'GET', '/me');
    const people = (await (await call('alice', 'GET', '/people')).json()) as Person[];
    const to = people.find(({ username }) => username === BOB.username)?.id;
    expect((await call('alice', 'POST', '/notifications', { to, title: 'For you', message: 'Hello' })).status).toBe(
      201,
    );
    const history = await fetch(`${origin}/notifications/stream`, {
      headers: { Authorization: `Bearer ${tokens.alice}`, 'Last-Event-ID': 'from-elsewhere' },
    });
    const [first] = await Array.fromAsync(takeOne(history));
    expect(first).toContain('event: gap');
    expect(first).not.toContain('For you');
  });

  it('logs no token, whatever happened', () => {
    const everything = logged.join('');
    expect(logged.length).toBeGreaterThan(10);
    expect(everything).not.toContain('eyJ');
  });

  async function* takeOne(response: Response): AsyncGenerator<string> {
    const reader = response.body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    await reader?.cancel();
    yield new TextDecoder().decode(value);
  }
});
