import { encodeEvent } from '../events/index.ts';
import type { LoggedEvent } from '../events/index.ts';

export interface RecentEvent {
  readonly event: LoggedEvent;
  /** Encodes at the first call, once for all sessions. */
  bytes(): Uint8Array;
}

export interface RecentEventsOptions {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/**
 * The last events that a hub has seen, without a gap. A session that has replayed the log gets the last part from here: reading an
 * asynchronous log only, it would always be a few events behind.
 */
export interface RecentEvents {
  /** Whether every event after the sequence is here. */
  covers(sequence: number): boolean;
  push(event: LoggedEvent): RecentEvent;
  /** The events after the sequence, oldest first. */
  after(sequence: number): Iterable<RecentEvent>;
  /** Drops all events; the next one has the sequence after `last`. */
  reset(last: number): void;
}

export function createRecentEvents({ maxEvents, maxBytes }: RecentEventsOptions): RecentEvents {
  // Sequences are dense, so an event's index in the ring is a remainder: finding one is O(1).
  let ring: (RecentEvent | undefined)[] = [];
  let first = 1;
  let last = 0;
  let heldBytes = 0;

  function dropOldest(): void {
    const index = first % maxEvents;
    heldBytes -= ring[index]?.event.data.length ?? 0;
    ring[index] = undefined;
    first += 1;
  }

  return {
    covers: (sequence) => sequence >= first - 1 && sequence <= last,
    push(event) {
      if (last - first + 1 >= maxEvents) dropOldest();
      last = event.sequence;
      heldBytes += event.data.length;
      const recent = createRecentEvent(event);
      ring[last % maxEvents] = recent;
      while (heldBytes > maxBytes && first <= last) dropOldest();
      return recent;
    },
    *after(sequence) {
      for (let next = Math.max(sequence + 1, first); next <= last; next += 1) {
        const recent = ring[next % maxEvents];
        if (recent !== undefined) yield recent;
      }
    },
    reset(place) {
      ring = [];
      first = place + 1;
      last = place;
      heldBytes = 0;
    },
  };
}

/** Encodes at the first call of `bytes`: maybe no session needs it. */
export function createRecentEvent(event: LoggedEvent): RecentEvent {
  let bytes: Uint8Array | undefined;
  return { event, bytes: () => (bytes ??= encodeEvent(event)) };
}
