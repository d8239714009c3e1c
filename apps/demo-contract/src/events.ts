/** The types of `events/stream`. */
export type TypedEventKind = 'chat' | 'notification' | 'status' | 'update';

/** An event of `events/stream`, whose type is its kind. */
export interface TypedEvent {
  readonly from: string;
  readonly text: string;
  /** ISO 8601. */
  readonly at: string;
}
