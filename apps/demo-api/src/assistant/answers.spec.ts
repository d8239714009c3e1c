import { setImmediate as turn } from 'node:timers/promises';
import { StreamFailure } from '@sillage/server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createStateStore, type StateStore } from '../store/state-store.ts';
import { createAnswers, type Question } from './answers.ts';
import type { AnswerOptions, Assistant, Turn } from './assistant.ts';
import { createConversations } from './conversations.ts';

const question: Question = { owner: 'alice', answerId: 'a1', conversationId: 'c', prompt: 'Why?' };
const words = ['Be', 'cause', ' it', ' is', ' so.'];
const whole = words.join('');

/** Yields the words, and continues after those that were said. Each waits until the test releases it. */
function createScriptedAssistant() {
  const asked: (AnswerOptions & { readonly turns: readonly Turn[] })[] = [];
  let free = 0;
  let failure: Error | undefined;
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await turn();
  };
  const assistant: Assistant = {
    info: { kind: 'embedded', description: 'Scripted, for this test.' },
    async *answer(turns, options) {
      asked.push({ turns, ...options });
      for (let at = 0, said = ''; at < words.length; at += 1) {
        said += words[at] ?? '';
        if (said.length <= options.said.length) continue;
        await until(() => free > at || failure !== undefined || options.signal.aborted);
        options.signal.throwIfAborted();
        if (failure !== undefined && free <= at) throw failure;
        yield words[at] ?? '';
      }
    },
  };
  return {
    assistant,
    asked,
    until,
    release: (count: number) => (free = count),
    fail: (error?: Error) => (failure = error),
  };
}

describe('an answer', () => {
  const stores: StateStore[] = [];
  afterEach(() => {
    vi.useRealTimers();
    for (const store of stores.splice(0)) store.close();
  });

  function setUp() {
    const state = createStateStore(':memory:');
    stores.push(state);
    const script = createScriptedAssistant();
    const conversations = createConversations(state);
    const create = () => createAnswers({ assistant: script.assistant, state, conversations, graceMs: 5_000 });
    return { ...script, conversations, create };
  }

  /** Reads on in the background: the text so far, and how it ended. */
  function readOn(answers: ReturnType<ReturnType<typeof setUp>['create']>, from = 0, of = question) {
    const abort = new AbortController();
    const seen = { text: '', length: from, leave: () => abort.abort(), ended: Promise.resolve('') };
    seen.ended = (async () => {
      for await (const part of answers.read(of, from, abort.signal)) {
        seen.text += part.text;
        seen.length = part.length;
      }
      return abort.signal.aborted ? 'left' : 'complete';
    })();
    seen.ended.catch(() => undefined);
    return seen;
  }

  it('continues while its reader is disconnected, who then gets the rest and nothing twice', async () => {
    const { create, release, until, asked, conversations } = setUp();
    const answers = create();
    const first = readOn(answers);
    release(2);
    await until(() => first.text === 'Because');
    first.leave();
    await first.ended;
    release(words.length);
    const second = readOn(answers, first.length);
    expect(await second.ended).toBe('complete');
    expect([first.text + second.text, asked.length]).toEqual([whole, 1]);
    expect(conversations.turns('alice', 'c').map(({ content }) => content)).toEqual(['Why?', whole]);
    // What is known to its end is read again as it is.
    expect([await readOn(answers, whole.length).ended, asked.length]).toEqual(['complete', 1]);
  });

  it('is gone on with where it was after a restart', async () => {
    const { create, release, until, asked, conversations } = setUp();
    const before = create();
    const first = readOn(before);
    release(3);
    await until(() => first.text === 'Because it');
    before.close();
    first.leave();
    release(words.length);
    const second = readOn(create(), first.length);
    expect(await second.ended).toBe('complete');
    expect([second.text, asked[1]?.said]).toEqual([' is so.', 'Because it']);
    expect(conversations.turns('alice', 'c').map(({ content }) => content)).toEqual(['Why?', whole]);
  });

  it('is interrupted if its reader stays away, and resumed when the reader reconnects', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { create, release, until, asked } = setUp();
    const answers = create();
    const first = readOn(answers);
    release(1);
    await until(() => first.text === 'Be');
    first.leave();
    await first.ended;
    vi.advanceTimersByTime(4_999);
    const again = readOn(answers, first.length);
    vi.advanceTimersByTime(10_000);
    expect(asked[0]?.signal.aborted).toBe(false);
    again.leave();
    await again.ended;
    vi.advanceTimersByTime(5_000);
    expect(asked[0]?.signal.aborted).toBe(true);
    release(words.length);
    const last = readOn(answers, first.length);
    expect(await last.ended).toBe('complete');
    expect(last.text).toBe(whole.slice(2));
  });

  it('is stopped for good, and what was said stays said', async () => {
    const { create, release, until, asked, conversations } = setUp();
    const answers = create();
    const reader = readOn(answers);
    release(2);
    await until(() => reader.text === 'Because');
    expect([answers.stop('bob', 'a1'), answers.stop('alice', 'a1'), answers.stop('alice', 'a1')]).toEqual([
      false,
      true,
      false,
    ]);
    expect([await reader.ended, asked[0]?.signal.aborted]).toEqual(['complete', true]);
    expect(await readOn(answers).ended).toBe('complete');
    expect(asked).toHaveLength(1);
    expect(conversations.turns('alice', 'c').map(({ content }) => content)).toEqual(['Why?', 'Because']);
  });

  it('that fails tells its reader why, and is tried again from there when it is asked for again', async () => {
    const { create, release, fail } = setUp();
    const answers = create();
    release(1);
    fail(new StreamFailure('assistant-unavailable', 'Away.'));
    const reader = readOn(answers);
    await expect(reader.ended).rejects.toThrow('Away.');
    expect(reader.text).toBe('Be');
    fail();
    release(words.length);
    const again = readOn(answers, reader.length);
    expect([await again.ended, again.text]).toEqual(['complete', whole.slice(2)]);
  });

  it.each([
    ['of which less is known', 3],
    ['with a position that is not a number', Number.NaN],
  ])('%s is not gone on with', async (_, from) => {
    const answers = setUp().create();
    await expect(readOn(answers, from).ended).rejects.toMatchObject({ code: 'answer-forgotten' });
  });

  it('is its owner’s, and of one question', () => {
    const { create, release } = setUp();
    const answers = create();
    release(0);
    const reader = readOn(answers);
    expect(answers.isTaken(question)).toBe(false);
    expect(answers.isTaken({ ...question, prompt: 'How?' })).toBe(true);
    expect(answers.isTaken({ ...question, prompt: 'How?', owner: 'bob' })).toBe(false);
    reader.leave();
    answers.close();
  });

  it('has an end, whatever the assistant says', async () => {
    const state = createStateStore(':memory:');
    stores.push(state);
    const assistant: Assistant = {
      info: { kind: 'embedded', description: 'Never stops, for this test.' },
      async *answer() {
        for (;;) yield await Promise.resolve('x'.repeat(1_000));
      },
    };
    const answers = createAnswers({ assistant, state, conversations: createConversations(state) });
    await expect(readOn(answers).ended).rejects.toMatchObject({ code: 'answer-too-long' });
  });
});
