import { parseEventId } from './event-id.ts';
import type { EventPlace } from './event-id.ts';

/** An event that a log stores: checked and encoded by the hub. */
export interface LogEntry {
  readonly type: string;
  readonly data: string;
  /** Milliseconds. */
  readonly retry?: number;
}

/** An event that a log has stored. */
export interface LoggedEvent extends LogEntry {
  /** `<epoch>-<sequence>` (PROTOCOL 4.2). */
  readonly id: string;
  /** Dense over all topics of the log, from 1. */
  readonly sequence: number;
  readonly topic: string;
}

/** Why something after a position is lost (PROTOCOL 5.3). */
export type GapReason = 'trimmed' | 'epoch' | 'unknown';

export interface LogGap {
  readonly reason: GapReason;
  /** The position just before what the log still holds, which is what it replays. */
  readonly place: EventPlace;
}

export interface LogReadRequest {
  /** The ID after which to read, as the client sent it: it may be any text. */
  readonly after: string;
  readonly topics: readonly string[];
  /** At most this many events in the page. */
  readonly maxEvents: number;
  /** At most about this many bytes in the page. It has at least one event if there is one, however large. */
  readonly maxBytes: number;
}

export interface LogPage {
  /** In the order of their sequence. */
  readonly events: readonly LoggedEvent[];
  /**
   * The position that the reader has reached: no event of its topics up to here is missing from the pages so far. It is the position of
   * the last event if the page was cut by its limits, and the log's last position otherwise.
   */
  readonly place: EventPlace;
  /** Set if something between `after` and the page is lost. */
  readonly gap?: LogGap;
}

/** Events that are stored together or not at all, and once however often they are sent. */
export interface LogBatch {
  readonly events: readonly { readonly topic: string; readonly entry: LogEntry }[];
  /** Names the batch: 1 to 200 printable ASCII characters. */
  readonly key: string;
  /** Tells batches of the same key apart: 1 to 64 ASCII characters without spaces. */
  readonly fingerprint: string;
}

export interface StoredBatch {
  /** One for each event, in the order of the batch. */
  readonly ids: readonly string[];
  /** Whether the events had been stored before. */
  readonly isRepeat: boolean;
}

export interface LogTailListener {
  /** Events in the order of their sequence, none left out. Must not throw. */
  onEvents(events: readonly LoggedEvent[]): void;
  /** The tail cannot continue from its last event (because of a new epoch, say): it continues after `place`. Must not throw. */
  onReset(place: EventPlace): void;
}

export interface LogTail {
  /** The position after which the listener gets every event. */
  readonly from: EventPlace;
  /**
   * For how long, in milliseconds, the tail has not been certain that it is up to date: its connection may be lost. Absent where nothing can come
   * between the log and its tail.
   */
  silenceMs?(): number;
  stop(): void;
}

/**
 * The bounded, ordered, replayable history behind a hub. Implement it for another storage engine; `registerEventLogContract` tests
 * whether the implementation is correct.
 */
export interface EventLog<Transaction = never> {
  /** Resolves once the event is stored, with its position. Appends of one caller keep their order. */
  append(topic: string, entry: LogEntry): Promise<LoggedEvent>;
  /**
   * Appends as a part of the application's transaction, of an engine that has them: the event is stored if and only if that commits, and has
   * no position before.
   */
  appendIn?(transaction: Transaction, topic: string, entry: LogEntry): Promise<void>;
  /**
   * Appends all events of a batch or none, and nothing if a batch of this key was appended within the last 24 hours, by any node: then it resolves
   * with what that one was given.
   *
   * @throws EventRefusedError (as a rejection) with `key-reused` for a known key with another fingerprint.
   */
  appendOnce?(batch: LogBatch): Promise<StoredBatch>;
  /** Reads a limited page, and never hides a gap (PROTOCOL 5.4). Must settle: sessions wait for each other's reads. */
  read(request: LogReadRequest): Promise<LogPage>;
  /** Delivers everything that is appended, by any process. */
  tail(listener: LogTailListener): Promise<LogTail>;
  /** The position of the last event. */
  position(): Promise<EventPlace>;
  /** Stops the tails. Afterwards, everything rejects with `log-closed`. */
  close(): Promise<void>;
}

/** Compares the ID that a client sent with a log's last position. Returns the sequence to read after, or why there is none. */
export function locateCursor(after: string, last: EventPlace): number | Exclude<GapReason, 'trimmed'> {
  const place = parseEventId(after);
  if (place === undefined) return 'unknown';
  if (place.epoch !== last.epoch) return 'epoch';
  return place.sequence > last.sequence ? 'unknown' : place.sequence;
}
