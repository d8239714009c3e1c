import { encodeEvent } from '../events/index.ts';

/** Where a subscription writes to. A session is one. None of its methods may throw. */
export interface SubscriptionSink {
  /** Whether the sink takes no more. */
  readonly isEnded: boolean;
  /** Sets the one listener that is called when the sink has ended; at once if it has. */
  whenEnded(listener: () => void): void;
  /** Takes whole events. */
  write(bytes: Uint8Array): void;
  /** Whether live events may be written now. If not, the subscription reads on from the log once the sink has drained. */
  hasRoom(): boolean;
  /** Resolves once there is room for another page, or the sink has ended. Never rejects. */
  drained(): Promise<void>;
  /**
   * The subscription is over: the last event was written, and `complete`; or it cannot go on, and the client has to reconnect with its
   * last event ID.
   */
  end(reason: 'completed' | 'slow-consumer' | 'failed', cause?: unknown): void;
}

/**
 * The ID of `complete`. A client that does not know that event reconnects after it, with this ID, and is answered by 204
 * (PROTOCOL 6.2).
 */
export const completeId = 'sillage-complete';

/** An empty data line dispatches the event; without one, clients would drop it (WHATWG HTML 9.2.6). */
export const completeBlock: Uint8Array = encodeEvent({ id: completeId, type: 'complete', data: '' });
