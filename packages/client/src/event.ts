/**
 * One event of a stream, after decoding.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html (9.2.6)
 */
export interface SseEvent<T = unknown> {
  /** The last event ID when this event was dispatched; `''` if the server has sent none. Opaque (PROTOCOL 4.2). */
  readonly id: string;
  /** The event type; `'message'` if the server sent none. */
  readonly type: string;
  /** The decoded data: JSON by default, see `decode`. */
  readonly data: T;
}

/** Why the server could not resume a stream exactly at the requested position (PROTOCOL 5.3). */
export type GapReason = 'trimmed' | 'epoch' | 'unknown';

/** Requested events that the server's log no longer holds (PROTOCOL 5.3). */
export interface Gap {
  /**
   * `'trimmed'`: the log has deleted these events. `'epoch'`: the log has a new history, for example after a restart of an in-memory
   * log. `'unknown'`: the requested position does not belong to this log.
   */
  readonly reason: GapReason;
  /** The last event ID that the client asked to resume after. */
  readonly after: string;
}
