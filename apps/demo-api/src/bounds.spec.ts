import type {
  ChatHistory,
  DocumentCursor,
  DocumentEvent,
  DocumentInfo,
  GameState,
  TaskInfo,
  TaskStarted,
} from 'demo-contract';
import { describe, expect, it } from 'vitest';
import type { Assistant } from './assistant/assistant.ts';
import type { Who } from './demo-api.fixture.ts';
import { withApi } from './with-api.fixture.ts';

/** Says a word, and then nothing until it is aborted. */
const silent: Assistant = {
  info: { kind: 'embedded', description: 'Answers slowly, for this test.' },
  async *answer(_turns, { signal }) {
    yield 'word';
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  },
};

const many = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('what one user can create has a limit, and never replaces what another user created:', () => {
  const held = withApi(() => ({ assistant: silent, variables: { RATE_LIMIT_REQUESTS: '100000' } }));
  const statusOf = async (...request: Parameters<typeof held.api.call>): Promise<number> => {
    const response = await held.api.call(...request);
    await response.arrayBuffer();
    return response.status;
  };
  const codeOf = async (...request: Parameters<typeof held.api.call>): Promise<unknown> => {
    const response = await held.api.call(...request);
    return [response.status, ((await response.json()) as { code: unknown }).code];
  };

  it('chats', async () => {
    const write = (who: Who, session: string) => statusOf(who, 'POST', `/chat/${session}/messages`, { text: 'x' });
    expect(await write('alice', 'hers')).toBe(201);
    const statuses = await Promise.all(many(100).map((index) => write('bob', `his-${index}`)));
    expect(new Set(statuses)).toEqual(new Set([201]));
    expect(await codeOf('bob', 'POST', '/chat/one-more/messages', { text: 'x' })).toEqual([409, 'too-many']);
    // Existing chats still accept his messages.
    expect([await write('bob', 'his-0'), await write('bob', 'hers')]).toEqual([201, 201]);
    const { messages } = await held.api.json<ChatHistory>('alice', 'GET', '/chat/hers/messages');
    expect(messages).toHaveLength(2);
  });

  it('chats, which reading does not create', async () => {
    await held.api.json('alice', 'POST', '/chat/read/messages', { text: 'kept' });
    await Promise.all(many(1_100).map((index) => statusOf('bob', 'GET', `/chat/unwritten-${index}/messages`)));
    expect((await held.api.json<ChatHistory>('alice', 'GET', '/chat/read/messages')).messages).toHaveLength(1);
    const empty = await held.api.json<ChatHistory>('alice', 'GET', '/chat/unwritten-0/messages');
    const stream = held.api.follow<{ text: string }>('alice', '/chat/stream/unwritten-0', empty);
    await held.api.json('alice', 'POST', '/chat/unwritten-0/messages', { text: 'first' });
    expect((await stream.until(() => true)).map(({ data }) => data.text)).toEqual(['first']);
    stream.close();
  });

  it('documents, of which the owner can delete one to create another', async () => {
    const create = (who: Who) => held.api.json<DocumentInfo>(who, 'POST', '/documents', { title: 'x', sharedWith: [] });
    const hers = await create('alice');
    const his = await Promise.all(many(100).map(() => create('bob')));
    expect(await codeOf('bob', 'POST', '/documents', { title: 'x', sharedWith: [] })).toEqual([409, 'too-many']);
    expect(await statusOf('bob', 'DELETE', `/documents/${hers.id}`)).toBe(404);
    expect(await statusOf('bob', 'DELETE', `/documents/${his[0]?.id ?? ''}`)).toBe(204);
    await create('bob');
    expect(await held.api.json<DocumentInfo[]>('alice', 'GET', '/documents')).toMatchObject([{ id: hers.id }]);
  });

  it('documents, which a user with whom they are shared cannot delete', async () => {
    const { id: bob } = await held.api.json<{ id: string }>('bob', 'GET', '/me');
    const shared = await held.api.json<DocumentInfo>('alice', 'POST', '/documents', { title: 'x', sharedWith: [bob] });
    expect(await codeOf('bob', 'DELETE', `/documents/${shared.id}`)).toEqual([403, 'not-the-owner']);
  });

  it('cursors in a document', async () => {
    const { id: bob } = await held.api.json<{ id: string }>('bob', 'GET', '/me');
    const shared = await held.api.json<DocumentInfo>('alice', 'POST', '/documents', { title: 'x', sharedWith: [bob] });
    const place = (who: Who, clientId: string) =>
      held.api.json(who, 'POST', `/documents/${shared.id}/cursor`, { clientId, range: { anchor: '', head: '' } });
    // The sessions keep the cursors: those of a user without a session are removed.
    for (const who of ['alice', 'bob'] as const) {
      await held.api.follow(who, `/documents/stream/${shared.id}`).until(() => true);
    }
    for (const index of many(120)) await place('bob', `his-${index}`);
    await place('alice', 'hers');
    const [event] = await held.api.follow<DocumentEvent>('alice', `/documents/stream/${shared.id}`).until(() => true);
    const cursors: readonly DocumentCursor[] = event?.data.kind === 'snapshot' ? event.data.people : [];
    expect([cursors.length, cursors.some(({ clientId }) => clientId === 'hers')]).toEqual([11, true]);
  });

  it('games, of which those in play stay', async () => {
    const join = (who: Who, game: string) => held.api.json<GameState>(who, 'POST', `/games/${game}/players`);
    await join('alice', 'hers');
    await join('bob', 'in-play');
    await join('alice', 'in-play');
    for (const index of many(60)) await join('bob', `his-${index}`);
    const states = await Promise.all(['hers', 'in-play', 'his-59', 'his-0'].map((game) => watch(game)));
    expect(states.map(({ players }) => players.X?.name)).toEqual([
      'Alice Sample',
      'Bob Sample',
      'Bob Sample',
      undefined,
    ]);
  });

  async function watch(game: string): Promise<GameState> {
    const stream = held.api.follow<GameState>('bob', `/games/stream/${game}`);
    const [state] = await stream.until(() => true);
    stream.close();
    if (state === undefined) throw new Error('The stream had no snapshot.');
    return state.data;
  }

  it('tasks', async () => {
    const register = async (who: Who): Promise<string> =>
      (await held.api.json<TaskStarted>(who, 'POST', '/tasks', { name: 'x.csv', sizeBytes: 10 })).taskId;
    const hers = await register('alice');
    await held.api.json('alice', 'POST', `/tasks/${hers}/cancel`);
    for (const _ of many(60)) await held.api.json('bob', 'POST', `/tasks/${await register('bob')}/cancel`);
    expect(await held.api.json<TaskInfo[]>('bob', 'GET', '/tasks')).toHaveLength(50);
    expect(await held.api.json<TaskInfo[]>('alice', 'GET', '/tasks')).toMatchObject([{ taskId: hers }]);
  });

  it('answers, of which five are made at a time', async () => {
    const ask = (who: Who, answerId: string, signal?: AbortSignal) =>
      fetch(`${held.api.origin}/chat/completions/stream`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${held.api.tokens[who]}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ prompt: 'x', answerId }),
        ...(signal === undefined ? {} : { signal }),
      });
    const leave = new AbortController();
    const ids = many(6).map(() => crypto.randomUUID());
    for (const id of ids.slice(0, 5)) expect((await ask('bob', id, leave.signal)).status).toBe(200);
    const refused = await ask('bob', ids[5] ?? '');
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '5']);
    // A client that reconnects to its answer does not start another one.
    expect((await ask('bob', ids[0] ?? '', leave.signal)).status).toBe(200);
    expect((await ask('alice', crypto.randomUUID(), leave.signal)).status).toBe(200);
    leave.abort();
  });
});
