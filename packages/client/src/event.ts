/**
 * One event of a stream, after decoding.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html (9.2.6)
 */
export interface SseEvent<T = unknown> {
  /** The last event ID when this event was dispatched; `''` where the server has sent none. Opaque (PROTOCOL 4.2). */
  readonly id: string;
  /** What the server named the event; `'message'` where it named nothing. */
  readonly type: string;
  /** The decoded payload: JSON by default, see `decode`. */
  readonly data: T;
}

/** Why a server could not resume a stream exactly where it was (PROTOCOL 5.3). */
export type GapReason = 'trimmed' | 'epoch' | 'unknown';

/** Events that were asked for and that the server's log no longer holds (PROTOCOL 5.3). */
export interface Gap {
  /**
   * `'trimmed'`: the log has let events go. `'epoch'`: the log has a new history, as after a restart of an in-memory
   * log. `'unknown'`: the place asked for is none of this log's.
   */
  readonly reason: GapReason;
  /** The last event ID that the client had asked to resume after. */
  readonly after: string;
}
