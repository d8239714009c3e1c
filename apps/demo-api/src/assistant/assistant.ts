import type { AssistantInfo } from 'demo-contract';

/** One turn of a conversation. */
export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

/** Answers a conversation, token by token. */
export interface Assistant {
  readonly info: AssistantInfo;
  /**
   * @param turns ends with what is to be answered.
   * @param signal aborts when the reader has left: so must what is asked on their behalf.
   * @throws StreamFailure where the answer cannot go on.
   */
  answer(turns: readonly Turn[], signal: AbortSignal): AsyncIterable<string>;
}
