import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BOB, startEntraEmulator, type EntraEmulator } from '@sillage/entra-emulator';
import type {
  ChatHistory,
  ChatMessage,
  DocumentEvent,
  DocumentInfo,
  GameState,
  LogLine,
  Person,
  StockPrice,
  TaskProgress,
  TaskStarted,
} from 'demo-contract';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { startApiProcess } from './api-process.fixture.ts';
import type { Assistant } from './assistant/assistant.ts';
import { runApi, type RunningApi } from './demo-api.fixture.ts';
import { follow } from './follower.fixture.ts';
import {
  createHaltingBody,
  createRows,
  partHeaders,
  readStored,
  resumeUpload,
  storedRows,
} from './tasks/upload/upload.fixture.ts';

/** Repeats its input. Input that begins with "slowly" is repeated in two parts, the second one only after an interruption. */
const assistant: Assistant = {
  info: { kind: 'embedded', description: 'Repeats its input, for this test.' },
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

  it('loses nothing of an import whose upload it cut off', async () => {
    const before = api;
    const rows = 60_000;
    const content = createRows(rows);
    const { taskId, stream } = await registerImport(content);
    const path = `/tasks/${taskId}/content`;
    const part = { ...partHeaders, 'Upload-Offset': '0' };
    const cut = api
      .upload('bob', 'PATCH', path, createHaltingBody(content.subarray(0, 700_001)), part)
      .catch(() => 'cut off');
    await stream.until(({ data }) => data.rows > 1_000);
    const seen: TaskProgress[] = [];
    await restart();
    expect(await cut).toBe('cut off');
    await resumeUpload(`${api.origin}${path}`, content, api.tokens.bob);
    seen.push(...(await stream.rest()).map(({ data }) => data));
    expect(seen.at(-1)).toMatchObject({ status: 'completed', rows, failure: null });
    expect(seen.slice(0, -1).every(({ status }) => status === 'running')).toBe(true);
    const percentages = seen.map(({ percentage }) => percentage);
    expect(percentages).toEqual([...percentages].sort((one, other) => one - other));
    expect(stream.gaps).toEqual([]);
    expect(readStored(folder, taskId)).toEqual(storedRows(rows));
    await before.close();
  });

  it('loses nothing of an import whose file is here, and lets nobody have more imports than before', async () => {
    const before = api;
    const rows = 200_000;
    const content = createRows(rows);
    const { taskId, stream } = await registerImport(content);
    await registerImport(content);
    await resumeUpload(`${api.origin}/tasks/${taskId}/content`, content, api.tokens.bob);
    await restart();
    expect((await api.call('bob', 'POST', '/tasks', { name: 'third.csv' })).status).toBe(429);
    expect((await stream.rest()).at(-1)?.data).toMatchObject({ status: 'completed', rows, failure: null });
    expect(readStored(folder, taskId)).toEqual(storedRows(rows));
    await before.close();
  });

  it('lets an import be cancelled that it left waiting', async () => {
    const before = api;
    const { taskId, stream } = await registerImport(createRows(10));
    await restart();
    expect((await api.call('bob', 'POST', `/tasks/${taskId}/cancel`)).status).toBe(204);
    expect((await stream.rest()).at(-1)?.data.status).toBe('cancelled');
    await before.close();
  });

  it('fails an import whose only request it cut off', async () => {
    const before = api;
    const { taskId, stream } = await registerImport(createRows(10));
    const body = createHaltingBody(Buffer.from('a,b\n1,2\n'));
    const cut = api
      .upload('bob', 'PUT', `/tasks/${taskId}/content`, body, { 'Content-Type': 'text/csv' })
      .catch(() => 'cut off');
    await stream.until(({ data }) => data.upload === 'receiving');
    await restart();
    expect(await cut).toBe('cut off');
    expect((await stream.rest()).at(-1)?.data.failure?.code).toBe('upload-broken');
    await before.close();
  });

  const registerImport = async (content: Buffer) => {
    const task = { name: 'large.csv', sizeBytes: content.byteLength };
    const { taskId } = await api.json<TaskStarted>('bob', 'POST', '/tasks', task);
    return { taskId, stream: api.follow<TaskProgress>('bob', `/tasks/stream/${taskId}`) };
  };
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

describe('a kill (-9) in the middle of an import', () => {
  it('loses nothing of it: every row is stored once', { timeout: 30_000 }, async () => {
    const emulator = await startEntraEmulator();
    const folder = await mkdtemp(join(tmpdir(), 'kill-'));
    const token = await emulator.mintToken({ username: BOB.username, scopes: ['Stream.Access'] });
    const first = await startApiProcess(emulator, folder);
    const origin = `http://localhost:${first.port}`;
    const rows = 400_000;
    const content = createRows(rows);
    const answer = await fetch(`${origin}/tasks`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'large.csv', sizeBytes: content.byteLength }),
    });
    const { taskId } = (await answer.json()) as TaskStarted;
    const stream = follow<TaskProgress>(`${origin}/tasks/stream/${taskId}`, { accessToken: () => token });
    const uploaded = resumeUpload(`${origin}/tasks/${taskId}/content`, content, token);
    // Some rows are committed by then, and some are not.
    await stream.until(({ data }) => data.rows > 50_000);
    await first.end('SIGKILL');
    const second = await startApiProcess(emulator, folder, { API_PORT: String(first.port) });
    await uploaded;
    const seen = await stream.rest();
    expect(seen.at(-1)?.data).toMatchObject({ status: 'completed', rows, failure: null });
    expect(readStored(folder, taskId)).toEqual(storedRows(rows));
    await second.end('SIGTERM');
    await emulator.close();
    await rm(folder, { recursive: true });
  });
});

describe('a restart with STORE=memory', () => {
  it('is reported as a gap, and loses the data', async () => {
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
