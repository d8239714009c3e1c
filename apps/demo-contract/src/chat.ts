import type { Person } from './people.ts';

/** An event of `chat/stream/:sessionId`. */
export interface ChatMessage {
  readonly from: Person;
  readonly text: string;
  /** ISO 8601. */
  readonly at: string;
}

/** `GET chat/:sessionId/messages`: what was said, and where the stream goes on from there. */
export interface ChatHistory {
  readonly messages: readonly ChatMessage[];
  readonly lastEventId: string;
}
