import type { AssistantInfo } from 'demo-contract';

/** One turn of a conversation. */
export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

export interface AnswerOptions {
  /** The part of the answer from before it was interrupted, after which it continues. `''` at the beginning. */
  readonly said: string;
  /** Aborts when no reader is left. Abort the upstream request with it. */
  readonly signal: AbortSignal;
}

/** Answers a conversation, token by token. */
export interface Assistant {
  readonly info: AssistantInfo;
  /**
   * @param turns the conversation; the last turn is the question.
   * @throws StreamFailure if the answer cannot continue.
   */
  answer(turns: readonly Turn[], options: AnswerOptions): AsyncIterable<string>;
}
