import { parseEventId } from './event-id.ts';
import type { EventPlace } from './event-id.ts';

/** An event as a log takes it: checked and encoded by the hub. */
export interface LogEntry {
  readonly type: string;
  readonly data: string;
  /** Milliseconds. */
  readonly retry?: number;
}

/** An event as a log gives it back. */
export interface LoggedEvent extends LogEntry {
  /** `<epoch>-<sequence>` (PROTOCOL 4.2). */
  readonly id: string;
  /** Dense over all topics of the log, from 1. */
  readonly sequence: number;
  readonly topic: string;
}

/** Why something after a place is lost (PROTOCOL 5.3). */
export type GapReason = 'trimmed' | 'epoch' | 'unknown';

export interface LogGap {
  readonly reason: GapReason;
  /** The place just before what the log still holds, which is what it replays. */
  readonly place: EventPlace;
}

export interface LogReadRequest {
  /** The ID after which to read, as the client sent it: it may be anything. */
  readonly after: string;
  readonly topics: readonly string[];
  /** At most this many events in the page. */
  readonly maxEvents: number;
  /** About this many bytes in the page; a page with something to tell holds at least one event, however large. */
  readonly maxBytes: number;
}

export interface LogPage {
  /** In the order of their sequence. */
  readonly events: readonly LoggedEvent[];
  /**
   * How far the reader has come: no event of its topics up to here is missing from the pages so far. It is the last event's
   * place in a page that was cut by its bounds, and the log's last place otherwise.
   */
  readonly place: EventPlace;
  /** There where something between `after` and the page is lost. */
  readonly gap?: LogGap;
}

export interface LogTailListener {
  /** Events in the order of their sequence, none left out. Must not throw. */
  onEvents(events: readonly LoggedEvent[]): void;
  /** The tail cannot go on from where it was (a new epoch, say): it continues after `place`. Must not throw. */
  onReset(place: EventPlace): void;
}

export interface LogTail {
  /** The place after which the listener gets every event. */
  readonly from: EventPlace;
  stop(): void;
}

/**
 * The bounded, ordered, replayable history behind a hub: the seam for storage. Another engine is one file, and
 * `registerEventLogContract` says whether it is right.
 */
export interface EventLog {
  /** Resolves once the event is stored, with its place. Appends of one caller keep their order. */
  append(topic: string, entry: LogEntry): Promise<LoggedEvent>;
  /** Reads a bounded page, and tells a gap rather than hide one (PROTOCOL 5.4). */
  read(request: LogReadRequest): Promise<LogPage>;
  /** Follows everything that is appended, by whatever process. */
  tail(listener: LogTailListener): Promise<LogTail>;
  /** The last place. */
  position(): Promise<EventPlace>;
  /** Stops the tails. Afterwards, everything rejects with `log-closed`. */
  close(): Promise<void>;
}

/** Judges the ID that a client sent against a log's last place: the sequence to read after, or why it cannot be. */
export function locateCursor(after: string, last: EventPlace): number | Exclude<GapReason, 'trimmed'> {
  const place = parseEventId(after);
  if (place === undefined) return 'unknown';
  if (place.epoch !== last.epoch) return 'epoch';
  return place.sequence > last.sequence ? 'unknown' : place.sequence;
}
