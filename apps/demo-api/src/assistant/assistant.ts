import type { AssistantInfo } from 'demo-contract';

/** One turn of a conversation. */
export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

export interface AnswerOptions {
  /** What was said of the answer before it was interrupted: it goes on from there. `''` where it begins. */
  readonly said: string;
  /** Aborts when nobody wants the answer any more: so must what is asked on their behalf. */
  readonly signal: AbortSignal;
}

/** Answers a conversation, token by token. */
export interface Assistant {
  readonly info: AssistantInfo;
  /**
   * @param turns ends with what is to be answered.
   * @throws StreamFailure where the answer cannot go on.
   */
  answer(turns: readonly Turn[], options: AnswerOptions): AsyncIterable<string>;
}
