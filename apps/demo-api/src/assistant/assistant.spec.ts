import { isSseError } from '@sillage/client';
import { StreamFailure } from '@sillage/server';
import { describe, expect, it } from 'vitest';
import { withApi } from '../with-api.fixture.ts';
import type { Assistant } from './assistant.ts';

describe('the assistant’s stream', () => {
  const left = Promise.withResolvers<undefined>();
  const assistant: Assistant = {
    info: { kind: 'upstream', description: 'Breaks off, for this test.' },
    async *answer(turns, signal) {
      yield 'The answer is';
      if (turns.at(-1)?.content === 'break') {
        throw new StreamFailure('assistant-unavailable', 'The assistant stopped answering: try again.');
      }
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      left.resolve(undefined);
    },
  };
  const held = withApi(() => ({ assistant }));
  const ask = (prompt: string) =>
    held.api.follow<string>('bob', '/chat/completions/stream', {
      body: JSON.stringify({ prompt }),
      headers: { 'Content-Type': 'application/json' },
    });

  it('says so when the upstream fails in mid-answer, after what there was of it', async () => {
    const answer = ask('break');
    expect((await answer.until(() => true))[0]?.data).toBe('The answer is');
    const error: unknown = await answer.rest().catch((reason: unknown) => reason);
    expect(isSseError(error) && error.message).toContain('The assistant stopped answering: try again.');
    // The API goes on.
    expect((await held.api.call('bob', 'GET', '/me')).status).toBe(200);
  });

  it('leaves the upstream when the reader leaves', async () => {
    const answer = ask('wait');
    await answer.until(() => true);
    answer.close();
    await left.promise;
  });
});
