import { DatabaseSync } from 'node:sqlite';
import type { SQLOutputValue } from 'node:sqlite';
import { checkBounds, ClosedError, ConfigurationError } from '../core/index.ts';
import { formatEventId, isEpoch } from '../events/index.ts';
import type { EventLog, LogEntry, LoggedEvent, LogTailListener } from '../events/index.ts';
import { mergeSequences, readPage } from './page.ts';
import { randomEpoch } from './random-epoch.ts';

export interface SqliteEventLogOptions {
  /** The database's file, created where there is none; `':memory:'` keeps nothing. One process at a time may have it open. */
  readonly path: string;
  /** How many events it holds over all topics; past it the oldest go. @default 100_000 */
  readonly maxEvents?: number;
  /**
   * How many topics it remembers of which events were trimmed, so that it can tell their gaps exactly. Past it, a reader of a
   * forgotten topic may be told of a gap that is none (PROTOCOL 5.4). @default 10_000
   */
  readonly maxTrimmedTopics?: number;
  /**
   * What an acknowledged event survives: `'normal'` the death of the process, `'full'` that of the machine too, at one disk flush a
   * tick (SQLite, "PRAGMA synchronous", in WAL mode). @default 'normal'
   */
  readonly synchronous?: 'normal' | 'full';
  /** The name of a new file's history: 1 to 32 of `[0-9a-z]`. A file that has one keeps it. @default a random one */
  readonly epoch?: string;
}

interface Append {
  readonly topic: string;
  readonly entry: LogEntry;
  readonly resolve: (event: LoggedEvent) => void;
  readonly reject: (error: unknown) => void;
}

const SCHEMA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE history (epoch TEXT NOT NULL, forgotten_through INTEGER NOT NULL) STRICT;
  CREATE TABLE events (
    sequence INTEGER PRIMARY KEY, topic TEXT NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL, retry INTEGER
  ) STRICT;
  CREATE INDEX events_by_topic ON events (topic, sequence);
  CREATE TABLE trimmed (topic TEXT PRIMARY KEY, through INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX trimmed_by_place ON trimmed (through);
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * Holds events in a file, so that a restart loses none and is no gap. The events of a tick share one transaction: the disk is
 * waited for once, however many they are.
 *
 * @throws ConfigurationError for a bound that is no positive whole number, or a file that cannot be used.
 */
export function createSqliteEventLog(options: SqliteEventLogOptions): EventLog {
  const { path, maxEvents = 100_000, maxTrimmedTopics = 10_000, synchronous = 'normal' } = options;
  checkBounds({ maxEvents, maxTrimmedTopics });
  const database = openDatabase(path, synchronous, options.epoch ?? randomEpoch());
  const { epoch } = readRow(database, 'SELECT epoch FROM history') as { epoch: string };
  const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?)');
  const noteTrimmed = database.prepare(`
    INSERT INTO trimmed SELECT topic, max(sequence) FROM events WHERE sequence <= ? GROUP BY topic
    ON CONFLICT (topic) DO UPDATE SET through = excluded.through`);
  const trim = database.prepare('DELETE FROM events WHERE sequence <= ?');
  const countTrimmed = database.prepare('SELECT count(*) AS count FROM trimmed');
  const forget = database.prepare(
    'DELETE FROM trimmed WHERE topic IN (SELECT topic FROM trimmed ORDER BY through LIMIT ?) RETURNING through',
  );
  const noteForgotten = database.prepare('UPDATE history SET forgotten_through = max(forgotten_through, ?)');
  const findLost = database.prepare(`
    SELECT max(ifnull(trimmed.through, history.forgotten_through)) AS through
    FROM history, json_each(?) AS wanted LEFT JOIN trimmed ON trimmed.topic = wanted.value`);
  // Per topic, so that the index gives the order: neither a scan over other topics nor a sort of everything that follows.
  const selectOfTopic = database.prepare(`
    SELECT sequence, topic, type, data, retry FROM events
    WHERE topic = ? AND sequence > ? ORDER BY sequence LIMIT ?`);
  const selectSequences = database.prepare(
    'SELECT sequence FROM events WHERE topic = ? AND sequence > ? ORDER BY sequence LIMIT ?',
  );
  const selectEvent = database.prepare('SELECT sequence, topic, type, data, retry FROM events WHERE sequence = ?');

  const tails = new Set<LogTailListener>();
  let waiting: Append[] = [];
  let isClosed = false;
  let { last, first } = readRow(
    database,
    'SELECT ifnull(max(sequence), 0) AS last, ifnull(min(sequence), 1) AS first FROM events',
  ) as {
    last: number;
    first: number;
  };

  function commit(): void {
    const appends = waiting;
    waiting = [];
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

  /** All of them or none, so that the sequence has no hole. */
  function write(appends: readonly Append[]): LoggedEvent[] {
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
      if (nextFirst > first) trimBefore(nextFirst);
      database.exec('COMMIT');
    } catch (error) {
      // SQLite may have ended the transaction by itself, as when the disk is full.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
    last = nextLast;
    first = nextFirst;
    return events;
  }

  function trimBefore(sequence: number): void {
    noteTrimmed.run(sequence - 1);
    trim.run(sequence - 1);
    const { count } = countTrimmed.get() as { count: number };
    if (count <= maxTrimmedTopics) return;
    const forgotten = forget.all(count - maxTrimmedTopics) as { through: number }[];
    noteForgotten.run(Math.max(...forgotten.map(({ through }) => through)));
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
    if (isClosed) throw new ClosedError('log-closed', 'The event log is closed: publish and read before close().');
  }

  return {
    append: (topic, entry) =>
      new Promise((resolve, reject) => {
        checkOpen();
        if (waiting.length === 0) setImmediate(commit);
        waiting.push({ topic, entry, resolve, reject });
      }),
    async read(request) {
      await Promise.resolve();
      checkOpen();
      return readPage({ epoch, first, last, lostThrough, eventsOf, sizeOf }, request);
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
      // What was taken is kept: its callers wait for it.
      if (waiting.length > 0) commit();
      tails.clear();
      database.close();
    },
  };
}

function openDatabase(path: string, synchronous: 'normal' | 'full', epoch: string): DatabaseSync {
  if (!isEpoch(epoch)) throw new ConfigurationError('epoch must be 1 to 32 characters of 0-9 and a-z.');
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    // Exclusive: two processes would give the same sequence to different events.
    database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`);
    database.exec('BEGIN EXCLUSIVE');
    const { user_version: version } = readRow(database, 'PRAGMA user_version') as { user_version: number };
    if (version === 0) {
      database.exec(SCHEMA);
      database.prepare('INSERT INTO history VALUES (?, 0)').run(epoch);
    } else if (version !== SCHEMA_VERSION) {
      throw new ConfigurationError(
        `${path} was written by another version (schema ${version}): give the log another file.`,
      );
    }
    database.exec('COMMIT');
    return database;
  } catch (cause) {
    database?.close();
    if (cause instanceof ConfigurationError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError(
      `The event log cannot use ${path} (${reason}): give it a file that it may write, and that no other process has open.`,
      { cause },
    );
  }
}

function readRow(database: DatabaseSync, query: string): Record<string, SQLOutputValue> | undefined {
  return database.prepare(query).get();
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
