import { ConfigurationError } from '../core/index.ts';
import { encodeEvent, joinBlocks, parseEventId } from '../events/index.ts';
import type { LogEntry } from '../events/index.ts';
import type { RecentEvent } from './recent-events.ts';

/** Where a subscription writes to. A session is one. */
export interface SubscriptionSink {
  /** Aborts when the sink takes no more. */
  readonly signal: AbortSignal;
  /** Takes whole events. Must not throw. */
  write(bytes: Uint8Array): void;
  /** Resolves once there is room for another page, or the sink has ended. Never rejects. */
  drained(): Promise<void>;
  /**
   * The subscription is over: the last event was written, and `complete`; or it cannot go on, and the client has to come back with its
   * last ID.
   */
  end(reason: 'completed' | 'slow-consumer' | 'failed', cause?: unknown): void;
}

/** The state at a place, encoded as an event. */
export interface SubscriptionSnapshot {
  /** The ID of the place; events go on after it. */
  readonly after: string;
  readonly event: LogEntry;
}

export interface EventSender {
  /** Writes events, up to the stream's last one where that is among them. Answers whether the stream goes on. */
  send(events: readonly RecentEvent[], joined?: Uint8Array): boolean;
  sendSnapshot(snapshot: SubscriptionSnapshot): boolean;
  /** Says that there is nothing more to come (PROTOCOL 6.2). */
  complete(): void;
}

/** An empty data line dispatches the event; without one, clients would drop it (WHATWG HTML 9.2.6). */
export const COMPLETE: Uint8Array = encodeEvent({ type: 'complete', data: '' });

/** Writes events to a sink, and knows which of them is the last. */
export function createEventSender(
  sink: SubscriptionSink,
  completeAfter: ((event: LogEntry) => boolean) | undefined,
): EventSender {
  function finish(blocks: readonly Uint8Array[]): false {
    sink.write(joinBlocks([...blocks, COMPLETE]));
    sink.end('completed');
    return false;
  }

  return {
    send(events, joined) {
      const lastAt = completeAfter === undefined ? -1 : events.findIndex(({ event }) => completeAfter(event));
      if (lastAt !== -1) return finish(events.slice(0, lastAt + 1).map((event) => event.bytes()));
      if (events.length > 0) sink.write(joined ?? joinBlocks(events.map((event) => event.bytes())));
      return true;
    },
    sendSnapshot({ after, event }) {
      if (parseEventId(after) === undefined) {
        throw new ConfigurationError('A snapshot must have an event ID as after: formatEventId(hub.position), say.');
      }
      const block = encodeEvent({ ...event, id: after });
      if (completeAfter?.(event) === true) return finish([block]);
      sink.write(block);
      return true;
    },
    complete: () => void finish([]),
  };
}
