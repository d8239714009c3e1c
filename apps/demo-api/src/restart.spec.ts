import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEntraEmulator, type EntraEmulator } from '@sillage/entra-emulator';
import type {
  ChatHistory,
  ChatMessage,
  DocumentEvent,
  DocumentInfo,
  GameState,
  LogLine,
  Notice,
  Person,
  StockPrice,
  TaskProgress,
  TaskStarted,
} from 'demo-contract';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import type { Assistant } from './assistant/assistant.ts';
import { runApi, type RunningApi } from './demo-api.fixture.ts';
import { createEndlessRows } from './tasks/endless-rows.fixture.ts';

/** Says back what it was told. What begins with "slowly" it says in two parts, and the second only when it was interrupted. */
const assistant: Assistant = {
  info: { kind: 'embedded', description: 'Repeats what it was told, for this test.' },
  async *answer(turns, { said, signal }) {
    const answer = turns.map(({ content }) => `${content};`).join('');
    if (said === '' && answer.startsWith('slowly')) {
      yield answer.slice(0, 10);
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    }
    yield answer.slice(said.length);
  },
};

/** One API after another, at the same address and over the same folder: each page reconnects by itself. */
describe('a restart in the middle of the work', () => {
  let emulator: EntraEmulator;
  let folder: string;
  let api: RunningApi;
  let port: number;

  const start = async (): Promise<void> => {
    api = await runApi({ emulator, port, assistant, variables: { STORE: 'sqlite', DATA_DIR: folder } });
    port = Number(new URL(api.origin).port);
  };
  /** Ends the API, and leaves those who follow it to find the next one. */
  const restart = async (meanwhile: () => Promise<void> = () => Promise.resolve()): Promise<void> => {
    await api.stop();
    await start();
    await meanwhile();
  };

  beforeAll(async () => {
    emulator = await startEntraEmulator();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'restart-'));
    port = 0;
    await start();
    return async () => {
      await api.close();
      await rm(folder, { recursive: true });
    };
  });
  afterAll(() => emulator.close());

  it('loses nothing of a chat, its history and a conversation', async () => {
    const before = api;
    const chat = api.follow<ChatMessage>('bob', '/chat/stream/room', { lastEventId: (await history()).lastEventId });
    await say('one');
    await chat.until(({ data }) => data.text === 'one');
    await ask('first');
    await restart(() => say('two'));
    await say('three');
    expect((await chat.until(({ data }) => data.text === 'three')).map(({ data }) => data.text)).toEqual([
      'two',
      'three',
    ]);
    expect(chat.gaps).toEqual([]);
    expect((await history()).messages.map(({ text }) => text)).toEqual(['one', 'two', 'three']);
    expect(await ask('second')).toBe('first;first;;second;');
    expect((await api.json<Person[]>('bob', 'GET', '/people')).map(({ name }) => name)).toContain('Alice Sample');
    await before.close();
  });

  it('loses nothing of an answer, and says nothing of it twice', async () => {
    const before = api;
    const answer = api.follow<string>('bob', '/chat/completions/stream', {
      body: JSON.stringify({ prompt: 'slowly, one two three', answerId: crypto.randomUUID() }),
      headers: { 'Content-Type': 'application/json' },
      reconnect: { unsafeMethods: 'repeat' },
    });
    await answer.until(({ data }) => data === 'slowly, on');
    await restart();
    expect((await answer.rest()).map(({ data }) => data).join('')).toBe('e two three;');
    await before.close();
  });

  it('loses nothing of a document', async () => {
    const before = api;
    const { id } = await api.json<DocumentInfo>('alice', 'POST', '/documents', { title: 'Kept', sharedWith: [] });
    const copy = new Y.Doc();
    const stream = api.follow<DocumentEvent>('alice', `/documents/stream/${id}`);
    const write = async (text: string): Promise<void> => {
      const state = Y.encodeStateVector(copy);
      copy.getText('content').insert(0, text);
      const update = Buffer.from(Y.encodeStateAsUpdate(copy, state)).toString('base64');
      await api.json('alice', 'POST', `/documents/${id}/updates`, { clientId: text, update });
    };
    const isFrom =
      (clientId: string) =>
      ({ data }: { data: DocumentEvent }) =>
        data.kind === 'update' && data.from === clientId;
    await stream.until(({ data }) => data.kind === 'snapshot');
    await write('before ');
    await stream.until(isFrom('before '));
    await restart(() => write('after '));
    expect((await stream.until(isFrom('after '))).map(({ data }) => data.kind)).toEqual(['update']);
    expect(stream.gaps).toEqual([]);
    const [snapshot] = await api.follow<DocumentEvent>('alice', `/documents/stream/${id}`).until(() => true);
    const anew = new Y.Doc();
    if (snapshot?.data.kind === 'snapshot') Y.applyUpdate(anew, Buffer.from(snapshot.data.update, 'base64'));
    expect(anew.getText('content').toJSON()).toBe('after before ');
    await before.close();
  });

  it('loses nothing of samples', async () => {
    const before = api;
    const prices = api.follow<StockPrice>('bob', '/stocks/stream?symbols=MSFT');
    const logs = api.follow<LogLine>('alice', '/logs/stream/audit');
    await Promise.all([prices.until(() => true), logs.until(() => true)]);
    await restart();
    await api.json('alice', 'POST', '/documents', { title: 'Audited', sharedWith: [] });
    await Promise.all([prices.until(() => true), logs.until(({ data }) => data.message.includes('document'))]);
    expect([prices.gaps, logs.gaps]).toEqual([[], []]);
    await before.close();
  });

  it('loses nothing of a game', async () => {
    const before = api;
    const stream = api.follow<GameState>('alice', '/games/stream/kept');
    await stream.until(() => true);
    await api.json('alice', 'POST', '/games/kept/players');
    await api.json('bob', 'POST', '/games/kept/players');
    await api.json('alice', 'POST', '/games/kept/moves', { cell: 4 });
    await stream.until(({ data }) => data.moves === 1);
    await restart(() => api.json('bob', 'POST', '/games/kept/moves', { cell: 0 }));
    expect((await stream.until(({ data }) => data.moves === 2)).at(-1)?.data).toMatchObject({
      board: ['O', null, null, null, 'X', null, null, null, null],
      turn: 'X',
    });
    expect(stream.gaps).toEqual([]);
    await before.close();
  });

  it('tells whoever follows an import that it was interrupted, and its owner too', async () => {
    const before = api;
    const { taskId } = await api.json<TaskStarted>('bob', 'POST', '/tasks', { name: 'large.csv' });
    const stream = api.follow<TaskProgress>('bob', `/tasks/stream/${taskId}`);
    const file = createEndlessRows();
    const uploaded = api
      .upload('bob', 'PUT', `/tasks/${taskId}/content`, file.body, { 'Content-Type': 'text/csv' })
      .then(
        ({ status }) => status,
        () => 'broken off',
      );
    await stream.until(({ data }) => data.rows > 1_000);
    await restart();
    const last = (await stream.rest()).at(-1)?.data;
    expect(last?.failure?.reason).toContain('interrupted by a restart');
    expect(last?.rows).toBeGreaterThan(1_000);
    file.stop();
    expect([409, 'broken off']).toContain(await uploaded);
    const notices = api.follow<Notice>('bob', '/notifications/stream', { lastEventId: 'all' });
    await notices.until(({ data }) => data.message.includes('interrupted by a restart'));
    await before.close();
  });

  const say = async (text: string): Promise<void> => api.json('alice', 'POST', '/chat/room/messages', { text });
  const history = (): Promise<ChatHistory> => api.json('bob', 'GET', '/chat/room/messages');
  const ask = async (prompt: string): Promise<string> => {
    const answer = api.follow<string>('bob', '/chat/completions/stream', {
      body: JSON.stringify({ prompt, conversationId: 'kept' }),
      headers: { 'Content-Type': 'application/json' },
    });
    return (await answer.rest()).map(({ data }) => data).join('');
  };
});

describe('a restart with STORE=memory', () => {
  it('is told as a gap, and forgets', async () => {
    const emulator = await startEntraEmulator();
    const before = await runApi({ emulator });
    const chat = before.follow<ChatMessage>('bob', '/chat/stream/room', { lastEventId: 'none' });
    await before.json('alice', 'POST', '/chat/room/messages', { text: 'one' });
    await chat.until(({ data }) => data.text === 'one');
    await before.stop();
    const after = await runApi({ emulator, port: Number(new URL(before.origin).port) });
    expect((await after.json<ChatHistory>('bob', 'GET', '/chat/room/messages')).messages).toEqual([]);
    await after.json('alice', 'POST', '/chat/room/messages', { text: 'two' });
    await chat.until(({ data }) => data.text === 'two');
    expect(chat.gaps.at(-1)?.reason).toBe('epoch');
    await before.close();
    await after.close();
    await emulator.close();
  });
});
