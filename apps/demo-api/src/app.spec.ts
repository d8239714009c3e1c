import { ALICE, BOB, startEntraEmulator, type EntraEmulator } from '@sillage/entra-emulator';
import type { ChatHistory, ChatMessage, Notice, Person } from 'demo-contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runApi, type RunningApi, type Who } from './demo-api.fixture.ts';

describe('the demo API', () => {
  let emulator: EntraEmulator;
  let api: RunningApi;

  beforeAll(async () => {
    emulator = await startEntraEmulator();
    api = await runApi({ emulator });
  });
  afterAll(async () => {
    await api.close();
    await emulator.close();
  });

  it.each([
    ['a notice without a title', 'POST', '/notifications', { to: 'x', message: 'y' }, 400, 'title'],
    [
      'a notice for an unknown user',
      'POST',
      '/notifications',
      { to: 'x', title: 'y', message: 'z' },
      404,
      'GET people',
    ],
    ['a chat message that is empty', 'POST', '/chat/lobby/messages', { text: '  ' }, 400, 'text'],
    ['a chat session with an invalid name', 'GET', '/chat/a%20b/messages', undefined, 400, 'letters'],
    ['an event of an unknown type', 'POST', '/events', { type: 'gap', text: 'x' }, 400, 'type'],
    ['a body that is not JSON', 'POST', '/events', '{', 400, 'could not be read'],
    [
      'a body that is too large',
      'POST',
      '/events',
      JSON.stringify({ text: 'x'.repeat(70_000) }),
      413,
      'could not be read',
    ],
    ['an unknown path', 'GET', '/nowhere', undefined, 404, 'nothing at this path'],
  ])('refuses %s with a problem that says what to do', async (_, method, path, body, status, detail) => {
    const response = await api.call('alice', method, path, body);
    expect(response.status).toBe(status);
    expect(response.headers.get('Content-Type')).toContain('application/problem+json');
    expect(((await response.json()) as { detail: string }).detail).toContain(detail);
  });

  it('returns the caller, and shows sessions to administrators only', async () => {
    expect(await (await api.call('alice', 'GET', '/me')).json()).toMatchObject({
      name: ALICE.displayName,
      roles: ['Stream.Admin'],
      stepUp: 'not-demanded',
    });
    expect((await api.call('alice', 'GET', '/sessions')).status).toBe(200);
    expect((await api.call('bob', 'GET', '/sessions')).status).toBe(403);
  });

  it('returns a chat’s history with the position from which its stream continues, so that no message is missed', async () => {
    await api.json('alice', 'POST', '/chat/room/messages', { text: 'one' });
    const { messages, lastEventId } = await api.json<ChatHistory>('bob', 'GET', '/chat/room/messages');
    await api.json('alice', 'POST', '/chat/room/messages', { text: 'two' });
    const chat = api.follow<ChatMessage>('bob', '/chat/stream/room', { lastEventId });
    expect(messages.map(({ text }) => text)).toEqual(['one']);
    expect((await chat.until(() => true)).map(({ data }) => data.text)).toEqual(['two']);
  });

  it('stores a conversation with the assistant, separately for each user', async () => {
    const ask = async (who: Who, prompt: string): Promise<string> => {
      const answer = api.follow<string>(who, '/chat/completions/stream', {
        body: JSON.stringify({ prompt, conversationId: 'same' }),
        headers: { 'Content-Type': 'application/json' },
      });
      return (await answer.rest()).map(({ data }) => data).join('');
    };
    await ask('alice', 'first');
    expect(await ask('alice', 'second')).toBe('first;first;;second;');
    expect(await ask('bob', 'mine')).toBe('mine;');
  });

  it('refuses an empty question before it answers', async () => {
    const response = await api.call('alice', 'POST', '/chat/completions/stream', { prompt: '' });
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'invalid-body' }]);
  });

  const notices = (who: Who) => api.follow<Notice>(who, '/notifications/stream', { lastEventId: 'from-elsewhere' });
  const idOf = async (username: string): Promise<string | undefined> => {
    await api.json('bob', 'GET', '/me');
    const people = await api.json<Person[]>('alice', 'GET', '/people');
    return people.find((person) => person.username === username)?.id;
  };

  it('notifies one user and no other', async () => {
    const notify = async (username: string, title: string): Promise<void> =>
      api.json('alice', 'POST', '/notifications', { to: await idOf(username), title, message: 'Hello' });
    await notify(BOB.username, 'For Bob');
    await notify(ALICE.username, 'For Alice');
    const isNotice = ({ type }: { type: string }): boolean => type === 'notification';
    expect((await notices('bob').until(isNotice)).at(-1)?.data.title).toBe('For Bob');
    expect((await notices('alice').until(isNotice)).map(({ data }) => data.title)).toEqual(['For Alice']);
  });

  it('notifies the users that a chat message mentions, and not its author', async () => {
    await idOf(BOB.username);
    await api.json('alice', 'POST', '/chat/room/messages', { text: '@bob and @alice: look at this' });
    const [notice] = (await notices('bob').until(({ data }) => data.message.includes('look at this'))).slice(-1);
    expect(notice?.data).toMatchObject({ title: `${ALICE.displayName} mentioned you in room` });
    await api.json('bob', 'POST', '/chat/room/messages', { text: 'thanks, @alice' });
    const toAlice = await notices('alice').until(({ data }) => data.message.includes('thanks'));
    expect(toAlice.some(({ data }) => data.message.includes('look at this'))).toBe(false);
  });

  it('forbids browsers to store its responses', async () => {
    const response = await api.call('alice', 'GET', '/me');
    expect([response.headers.get('Cache-Control'), response.headers.get('ETag')]).toEqual(['no-store', null]);
  });

  it('never logs a token', () => {
    const everything = api.logged.join('');
    expect(api.logged.length).toBeGreaterThan(10);
    expect(everything).not.toContain('eyJ');
  });
});
