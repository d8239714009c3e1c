import { isSseError } from '@sillage/client';
import { StreamFailure } from '@sillage/server';
import type { ConversationHistory } from 'demo-contract';
import { describe, expect, it } from 'vitest';
import type { Who } from '../demo-api.fixture.ts';
import { withApi } from '../with-api.fixture.ts';
import type { Assistant } from './assistant.ts';

describe('the assistant’s stream', () => {
  let left: Promise<void>;
  const assistant: Assistant = {
    info: { kind: 'upstream', description: 'Breaks off, for this test.' },
    async *answer(turns, { signal }) {
      yield 'The answer is';
      if (turns.at(-1)?.content === 'break') {
        throw new StreamFailure('assistant-unavailable', 'The assistant stopped answering: try again.');
      }
      left = new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      await left;
    },
  };
  const held = withApi(() => ({ assistant }));
  const ask = (prompt: string, answerId?: string) =>
    held.api.follow<string>('bob', '/chat/completions/stream', {
      body: JSON.stringify({ prompt, answerId }),
      headers: { 'Content-Type': 'application/json' },
    });

  it('reports a failure of the upstream after the part of the answer that arrived', async () => {
    const answer = ask('break');
    expect((await answer.until(() => true))[0]?.data).toBe('The answer is');
    const error: unknown = await answer.rest().catch((reason: unknown) => reason);
    expect(isSseError(error) && error.message).toContain('The assistant stopped answering: try again.');
    // The API still works.
    expect((await held.api.call('bob', 'GET', '/me')).status).toBe(200);
  });

  it('ends the request to the upstream if the reader cannot reconnect', async () => {
    const answer = ask('wait');
    await answer.until(() => true);
    answer.close();
    await left;
  });

  it('is kept with its conversation, which says what of it is unfinished', async () => {
    const conversation = (who: Who) => held.api.json<ConversationHistory>(who, 'GET', '/chat/conversations/default');
    const answerId = crypto.randomUUID();
    const answer = ask('unfinished', answerId);
    await answer.until(() => true);
    expect((await conversation('bob')).unfinished).toEqual({ answerId, prompt: 'unfinished' });
    expect(await conversation('alice')).toEqual({ turns: [], unfinished: null });
    await held.api.call('bob', 'DELETE', `/chat/completions/${answerId}`);
    await answer.rest();
    const { turns, unfinished } = await conversation('bob');
    expect([turns.slice(-2), unfinished?.answerId === answerId]).toEqual([
      [
        { role: 'user', content: 'unfinished' },
        { role: 'assistant', content: 'The answer is' },
      ],
      false,
    ]);
  });

  it('continues for a reader who named the answer, until it is stopped', async () => {
    const answerId = crypto.randomUUID();
    const first = ask('wait', answerId);
    await first.until(() => true);
    first.close();
    const again = ask('wait', answerId);
    expect((await again.until(() => true))[0]).toMatchObject({ id: '13', data: 'The answer is' });
    const stop = (who: Who) => held.api.call(who, 'DELETE', `/chat/completions/${answerId}`);
    expect((await stop('alice')).status).toBe(404);
    expect((await stop('bob')).status).toBe(204);
    expect(await again.rest()).toEqual([]);
    await left;
    const other = await held.api.call('bob', 'POST', '/chat/completions/stream', { prompt: 'other', answerId });
    expect([other.status, await other.json()]).toMatchObject([400, { code: 'answer-id-taken' }]);
  });
});
