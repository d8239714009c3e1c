/** `GET assistant` */
export interface AssistantInfo {
  /** `embedded`: answers by search in the project's own documentation, without a language model. `upstream`: an OpenAI-compatible API. */
  readonly kind: 'embedded' | 'upstream';
  readonly description: string;
}

/**
 * `POST chat/completions/stream`: answered by a stream of strings that completes. With an `answerId`, the same request resumes the same
 * answer, and `DELETE chat/completions/:answerId` ends it; without one, the answer ends with the connection.
 */
export interface ChatPrompt {
  readonly prompt: string;
  /** Chosen by the client; the API keeps what was said under it. */
  readonly conversationId?: string;
  /** A UUID, chosen by the client, one for each question. */
  readonly answerId?: string;
}

/** `GET chat/conversations/:conversationId`: what was said in it, if anything was, by whoever asks and the assistant. */
export interface ConversationHistory {
  /** A question, then its answer, and so on; the latest ten of each. */
  readonly turns: readonly { readonly role: 'user' | 'assistant'; readonly content: string }[];
  /** The question whose answer is not at its end: to ask it again under the same ID goes on with it. */
  readonly unfinished: { readonly answerId: string; readonly prompt: string } | null;
}
