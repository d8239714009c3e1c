import { EventEmitter, once } from 'node:events';
import { StreamFailure } from '@sillage/server';
import type { StateStore } from '../store/state-store.ts';
import type { Assistant } from './assistant.ts';
import type { Conversations } from './conversations.ts';

export interface Question {
  /** An `Identity.key`. */
  readonly owner: string;
  /** The owner's name for the answer. */
  readonly answerId: string;
  readonly conversationId: string;
  readonly prompt: string;
}

/** A piece of an answer, and how many characters the answer has with it. */
interface AnswerPart {
  readonly text: string;
  readonly length: number;
}

export interface Answers {
  /** Whether the user has used the ID for another question. */
  isTaken(question: Question): boolean;
  /**
   * What the answer says after its first `from` characters, as it is made. One that was interrupted, by a restart or because its reader was
   * away for long, goes on where it was.
   *
   * @throws StreamFailure where the answer cannot go on, or is not known up to `from`.
   */
  read(question: Question, from: number, signal: AbortSignal): AsyncIterable<AnswerPart>;
  /** Whether the user may have another answer made, or the one with that ID is under way already. */
  canBegin(owner: string, answerId: string | undefined): boolean;
  /** The latest answer of a conversation that is not complete. */
  unfinishedOf(owner: string, conversationId: string): Pick<Question, 'answerId' | 'prompt'> | null;
  /** Ends an answer where it is. Answers whether it was not at its end. */
  stop(owner: string, answerId: string): boolean;
  /** Interrupts what is under way. */
  close(): void;
}

export interface AnswersOptions {
  readonly assistant: Assistant;
  readonly state: StateStore;
  readonly conversations: Conversations;
  /** For how long an answer is still made when its last reader has gone, who may come back. Default 30,000 ms. */
  readonly graceMs?: number;
}

interface KeptAnswer extends Question {
  readonly text: string;
  readonly status: 'unfinished' | 'ended';
}

/** An answer that is being made. */
interface Work {
  readonly owner: string;
  readonly abort: AbortController;
  /** Emits `change` with each token, and when the work is over. */
  readonly changes: EventEmitter;
  readers: number;
  leaving?: NodeJS.Timeout;
  failure?: Error;
}

/** An answer is stored as a whole with each token, so that no token is sent that a restart would lose. */
const maxLength = 32_000;
/** How many answers of one user are stored, and how many are made at once. */
const maxStored = 20;
const maxWorking = 5;

/** Makes each answer once, however often its reader's connection breaks. */
export function createAnswers({ assistant, state, conversations, graceMs = 30_000 }: AnswersOptions): Answers {
  const kept = state.table<KeptAnswer>('answer', { perOwner: maxStored, past: 'forget-own' });
  const working = new Map<string, Work>();
  const keyOf = (owner: string, answerId: string): string => JSON.stringify([owner, answerId]);

  function begin(key: string, answer: KeptAnswer): Work {
    const work: Work = { owner: answer.owner, abort: new AbortController(), changes: new EventEmitter(), readers: 0 };
    // Each reader listens, and how many there are is limited elsewhere.
    work.changes.setMaxListeners(0);
    working.set(key, work);
    void make(key, answer, work);
    return work;
  }

  async function make(key: string, answer: KeptAnswer, work: Work): Promise<void> {
    const { owner, conversationId, prompt } = answer;
    const { signal } = work.abort;
    let { text } = answer;
    try {
      const turns = [...conversations.turns(owner, conversationId), { role: 'user', content: prompt } as const];
      for await (const token of assistant.answer(turns, { said: text, signal })) {
        if (signal.aborted) return;
        text += token;
        if (text.length > maxLength)
          throw new StreamFailure('answer-too-long', 'The answer is too long: ask for less.');
        kept.set(key, { ...answer, text }, owner);
        work.changes.emit('change');
      }
      if (!signal.aborted) end(key);
    } catch (error) {
      work.failure = error instanceof Error ? error : new Error(String(error));
    }
    interrupt(key, work);
  }

  function interrupt(key: string, work: Work): void {
    clearTimeout(work.leaving);
    work.abort.abort();
    // Begun again meanwhile, it is another work.
    if (working.get(key) === work) working.delete(key);
    work.changes.emit('change');
  }

  /** What was said, whole or not, is part of the conversation. */
  function end(key: string): void {
    const answer = kept.get(key);
    if (answer === undefined) return;
    const { owner, conversationId, prompt, text } = answer;
    kept.set(key, { ...answer, status: 'ended' }, owner);
    if (text === '') return;
    conversations.add(owner, conversationId, { role: 'user', content: prompt }, { role: 'assistant', content: text });
  }

  function join(key: string, answer: KeptAnswer): Work | undefined {
    if (answer.status === 'ended') return undefined;
    const work = working.get(key) ?? begin(key, answer);
    work.readers += 1;
    clearTimeout(work.leaving);
    return work;
  }

  function leave(key: string, work: Work): void {
    work.readers -= 1;
    if (work.readers > 0 || working.get(key) !== work) return;
    work.leaving = setTimeout(() => interrupt(key, work), graceMs);
  }

  return {
    isTaken({ owner, answerId, conversationId, prompt }) {
      const known = kept.get(keyOf(owner, answerId));
      return known !== undefined && (known.prompt !== prompt || known.conversationId !== conversationId);
    },
    canBegin(owner, answerId) {
      if (answerId !== undefined && working.has(keyOf(owner, answerId))) return true;
      return [...working.values()].filter((work) => work.owner === owner).length < maxWorking;
    },
    async *read(question, from, signal) {
      const key = keyOf(question.owner, question.answerId);
      const before = kept.get(key) ?? { ...question, text: '', status: 'unfinished' };
      // Not a number is not up to there either.
      if (!(before.text.length >= from)) {
        throw new StreamFailure('answer-forgotten', 'The answer was forgotten: ask again.');
      }
      kept.set(key, before, question.owner);
      const work = join(key, before);
      try {
        for (let length = from; !signal.aborted;) {
          const { text, status } = kept.get(key) ?? before;
          if (text.length > length) {
            const part = { text: text.slice(length), length: text.length };
            ({ length } = part);
            yield part;
          } else if (work === undefined || status === 'ended') return;
          else if (work.failure !== undefined) throw work.failure;
          else await once(work.changes, 'change', { signal }).catch(() => undefined);
        }
      } finally {
        if (work !== undefined) leave(key, work);
      }
    },
    unfinishedOf: (owner, conversationId) =>
      kept
        .valuesOf(owner)
        .findLast((answer) => answer.status === 'unfinished' && answer.conversationId === conversationId) ?? null,
    stop(owner, answerId) {
      const key = keyOf(owner, answerId);
      if (kept.get(key)?.status !== 'unfinished') return false;
      end(key);
      const work = working.get(key);
      if (work !== undefined) interrupt(key, work);
      return true;
    },
    close() {
      for (const [key, work] of working) interrupt(key, work);
    },
  };
}
