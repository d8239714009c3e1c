import type { SQLOutputValue } from 'node:sqlite';
import { checkBounds, ClosedError, systemClock } from '../core/index.ts';
import { formatEventId, locateCursor, parseEventId } from '../events/index.ts';
import type { EventLog, LogEntry, LoggedEvent, LogTailListener } from '../events/index.ts';
import { mergeSequences, readPage } from './page.ts';
import { preparePublications } from './sqlite-publications.ts';
import { randomEpoch } from './random-epoch.ts';
import { openSqliteLog } from './sqlite-database.ts';
import { eventsOfTopicQuery, sequencesOfTopicQuery } from './sqlite-queries.ts';
import { prepareTrimming } from './sqlite-trimming.ts';

export interface SqliteEventLogOptions {
  /** The database's file, created if there is none; `':memory:'` keeps nothing. One process at a time may have it open. */
  readonly path: string;
  /** How many events it holds over all topics. Past it, the oldest are removed. @default 100_000 */
  readonly maxEvents?: number;
  /**
   * How many topics with removed events it remembers, so that it can tell their gaps exactly. Past it, a reader of a forgotten topic may
   * be told a gap although nothing is missing (PROTOCOL 5.4). @default 10_000
   */
  readonly maxTrimmedTopics?: number;
  /**
   * What an acknowledged event survives: `'normal'` the death of the process, `'full'` that of the machine too, at one disk flush per
   * tick (SQLite, "PRAGMA synchronous", in WAL mode). Clients are told a gap for what did not survive. @default 'normal'
   */
  readonly synchronous?: 'normal' | 'full';
  /** The name of a new file's first history: 1 to 32 of `[0-9a-z]`. Each later opening names its own. @default a random one */
  readonly epoch?: string;
}

interface Wanted {
  readonly topic: string;
  readonly entry: LogEntry;
}

interface Append extends Wanted {
  readonly resolve: (event: LoggedEvent) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Holds events in a file, so that a restart loses none and causes no gap. The events of a tick share one transaction: the disk is
 * waited for once, however many they are.
 *
 * A file that has lost its last events (restored from a backup, or after a power cut with `synchronous: 'normal'`) tells a gap to the
 * clients that had them.
 *
 * @throws ConfigurationError for a bound that is not a whole number of at least 1, or a file that cannot be used.
 *
 * @example createHub({ log: createSqliteEventLog({ path: 'events.sqlite' }) })
 */
export function createSqliteEventLog(options: SqliteEventLogOptions): EventLog {
  const { path, maxEvents = 100_000, maxTrimmedTopics = 10_000, synchronous = 'normal' } = options;
  checkBounds({ maxEvents, maxTrimmedTopics });
  const opened = openSqliteLog({ path, synchronous, firstEpoch: options.epoch ?? randomEpoch() });
  const { database, epoch, earlier } = opened;
  let { first, last } = opened;
  const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?)');
  const publications = preparePublications(database, systemClock);
  const trimming = prepareTrimming(database, maxTrimmedTopics);
  const findLost = database.prepare(`
    SELECT max(ifnull(trimmed.through, forgotten.through)) AS through
    FROM forgotten, json_each(?) AS wanted LEFT JOIN trimmed ON trimmed.topic = wanted.value`);
  // Per topic, so that the index gives the order: neither a scan over other topics nor a sort of everything that follows.
  const selectOfTopic = database.prepare(eventsOfTopicQuery);
  const selectSequences = database.prepare(sequencesOfTopicQuery);
  const selectEvent = database.prepare('SELECT sequence, topic, type, data, retry FROM events WHERE sequence = ?');

  const tails = new Set<LogTailListener>();
  let waiting: Append[] = [];
  let isClosed = false;

  function commit(): void {
    const appends = waiting;
    waiting = [];
    if (appends.length === 0) return;
    let events: LoggedEvent[];
    try {
      events = write(appends);
    } catch (error) {
      for (const { reject } of appends) reject(error);
      return;
    }
    for (const [index, event] of events.entries()) appends[index]?.resolve(event);
    for (const listener of tails) listener.onEvents(events);
  }

  /** Writes all of them or none, so that the sequence stays dense, and what else belongs to them. */
  function write(appends: readonly Wanted[], writeMore?: (events: readonly LoggedEvent[]) => void): LoggedEvent[] {
    const events = appends.map(({ topic, entry }, index): LoggedEvent => {
      const sequence = last + 1 + index;
      return { ...entry, topic, sequence, id: formatEventId({ epoch, sequence }) };
    });
    const nextLast = last + events.length;
    const nextFirst = Math.max(first, nextLast - maxEvents + 1);
    database.exec('BEGIN IMMEDIATE');
    try {
      for (const { sequence, topic, type, data, retry } of events)
        insert.run(sequence, topic, type, data, retry ?? null);
      if (nextFirst > first) trimming.trimThrough(nextFirst - 1);
      writeMore?.(events);
      database.exec('COMMIT');
    } catch (error) {
      // SQLite may have ended the transaction by itself, as when the disk is full.
      if (database.isTransaction) database.exec('ROLLBACK');
      trimming.recount();
      throw error;
    }
    last = nextLast;
    first = nextFirst;
    return events;
  }

  /** A position of an earlier history holds if the file still had it when the next one began. */
  function locate(after: string): ReturnType<typeof locateCursor> {
    const place = parseEventId(after);
    const through = place === undefined ? undefined : earlier.get(place.epoch);
    if (place === undefined || through === undefined) return locateCursor(after, { epoch, sequence: last });
    return place.sequence <= through ? place.sequence : 'epoch';
  }

  function lostThrough(topics: readonly string[]): number {
    const { through } = findLost.get(JSON.stringify(topics)) as { through: number | null };
    return through ?? 0;
  }

  function* eventsOf(topics: readonly string[], after: number, limit: number): Generator<LoggedEvent> {
    const [only] = topics;
    if (only !== undefined && topics.length === 1) {
      for (const row of selectOfTopic.iterate(only, after, limit)) yield toEvent(row, epoch);
      return;
    }
    const sequences = mergeSequences(topics, limit, (topic) =>
      (selectSequences.all(topic, after, limit) as { sequence: number }[]).map(({ sequence }) => sequence),
    );
    for (const sequence of sequences) {
      const row = selectEvent.get(sequence);
      if (row !== undefined) yield toEvent(row, epoch);
    }
  }

  function checkOpen(): void {
    if (isClosed) throw new ClosedError('log-closed', 'The event log is closed. Publish and read before close().');
  }

  return {
    append: (topic, entry) =>
      new Promise((resolve, reject) => {
        checkOpen();
        if (waiting.length === 0) setImmediate(commit);
        waiting.push({ topic, entry, resolve, reject });
      }),
    async appendOnce({ events: wanted, key, fingerprint }) {
      await Promise.resolve();
      checkOpen();
      // What was appended earlier comes first.
      commit();
      const repeat = publications.find(key, fingerprint);
      if (repeat !== undefined) return repeat;
      let ids: readonly string[] = [];
      const events = write(wanted, (written) => {
        ids = written.map(({ id }) => id);
        publications.remember(key, { fingerprint, ids });
      });
      for (const listener of tails) listener.onEvents(events);
      return { ids, isRepeat: false };
    },
    async read(request) {
      await Promise.resolve();
      checkOpen();
      return readPage({ epoch, first, last, lostThrough, eventsOf, sizeOf, locate }, request);
    },
    async tail(listener) {
      await Promise.resolve();
      checkOpen();
      tails.add(listener);
      return { from: { epoch, sequence: last }, stop: () => void tails.delete(listener) };
    },
    async position() {
      await Promise.resolve();
      checkOpen();
      return { epoch, sequence: last };
    },
    async close() {
      await Promise.resolve();
      if (isClosed) return;
      isClosed = true;
      // Appends that were accepted are kept: their callers wait for them.
      if (waiting.length > 0) commit();
      tails.clear();
      database.close();
    },
  };
}

function toEvent(row: Record<string, SQLOutputValue>, epoch: string): LoggedEvent {
  const { sequence, topic, type, data, retry } = row as unknown as Omit<LoggedEvent, 'retry'> & {
    retry: number | null;
  };
  const event = { id: formatEventId({ epoch, sequence }), sequence, topic, type, data };
  return retry === null ? event : { ...event, retry };
}

function sizeOf({ data, type }: LoggedEvent): number {
  return 2 * (data.length + type.length);
}
