import { EventEmitter, once } from 'node:events';
import { StreamFailure } from '@sillage/server';
import type { StateStore } from '../store/state-store.ts';
import type { Assistant } from './assistant.ts';
import type { Conversations } from './conversations.ts';

export interface Question {
  /** The `Identity.key` of the user. */
  readonly owner: string;
  /** The ID that the owner's client chose for the answer. */
  readonly answerId: string;
  readonly conversationId: string;
  readonly prompt: string;
}

/** A part of an answer, and how many characters the answer has including it. */
interface AnswerPart {
  readonly text: string;
  readonly length: number;
}

export interface Answers {
  /** Whether the user has used the ID for another question. */
  isTaken(question: Question): boolean;
  /**
   * The answer after its first `from` characters, while it is made. An answer that was interrupted, by a restart or because its reader was
   * disconnected for too long, is resumed.
   *
   * @throws StreamFailure if the answer cannot continue, or has fewer than `from` characters.
   */
  read(question: Question, from: number, signal: AbortSignal): AsyncIterable<AnswerPart>;
  /** Whether the user may have another answer made, or the one with that ID is under way already. */
  canBegin(owner: string, answerId: string | undefined): boolean;
  /** The latest answer of a conversation that is not complete. */
  unfinishedOf(owner: string, conversationId: string): Pick<Question, 'answerId' | 'prompt'> | null;
  /** Ends an answer where it is. @returns whether it was incomplete. */
  stop(owner: string, answerId: string): boolean;
  /** Interrupts all answers that are being made. */
  close(): void;
}

export interface AnswersOptions {
  readonly assistant: Assistant;
  readonly state: StateStore;
  readonly conversations: Conversations;
  /** How long an answer is still made after its last reader has disconnected, who may reconnect. @default 30_000 */
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

/** Makes each answer once, even if its reader reconnects many times. */
export function createAnswers({ assistant, state, conversations, graceMs = 30_000 }: AnswersOptions): Answers {
  const kept = state.table<KeptAnswer>('answer', { perOwner: maxStored, past: 'forget-own' });
  const working = new Map<string, Work>();
  const keyOf = (owner: string, answerId: string): string => JSON.stringify([owner, answerId]);

  function begin(key: string, answer: KeptAnswer): Work {
    const work: Work = { owner: answer.owner, abort: new AbortController(), changes: new EventEmitter(), readers: 0 };
    // One listener per reader. The number of readers is limited by the guard of the streams.
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
    // If it was begun again meanwhile, the map has another work.
    if (working.get(key) === work) working.delete(key);
    work.changes.emit('change');
  }

  /** The answer becomes part of the conversation, even if it is incomplete. */
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
      // Written so that NaN is refused as well.
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
