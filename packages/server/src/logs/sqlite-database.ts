import { DatabaseSync } from 'node:sqlite';
import type { SQLOutputValue } from 'node:sqlite';
import { ConfigurationError } from '../core/index.ts';
import { isEpoch } from '../events/index.ts';
import { randomEpoch } from './random-epoch.ts';

/** What an opened file knows of its histories. */
export interface OpenedLog {
  readonly database: DatabaseSync;
  /** The history that this process writes. */
  readonly epoch: string;
  /** Those that earlier processes wrote, each with the last sequence of it that the file has. */
  readonly earlier: ReadonlyMap<string, number>;
  readonly first: number;
  readonly last: number;
}

export interface OpenLogOptions {
  readonly path: string;
  readonly synchronous: 'normal' | 'full';
  /** The name of the first history of a new file. */
  readonly firstEpoch: string;
}

const schemaVersion = 3;
/** How many earlier histories are remembered. A client of an older one is told a gap. */
const maxHistories = 1_000;

const eventsSchema = `
  CREATE TABLE forgotten (through INTEGER NOT NULL) STRICT;
  INSERT INTO forgotten VALUES (0);
  CREATE TABLE events (
    sequence INTEGER PRIMARY KEY, topic TEXT NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL, retry INTEGER
  ) STRICT;
  CREATE INDEX events_by_topic ON events (topic, sequence);
  CREATE TABLE trimmed (topic TEXT PRIMARY KEY, through INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX trimmed_by_place ON trimmed (through);
`;

/** The batches of `appendOnce`, by their keys. */
const publicationsSchema = `
  CREATE TABLE publications (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, ids TEXT NOT NULL, stored_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX publications_by_age ON publications (stored_at);
`;

/** Each opening is a row, in order. `through` is the last sequence of that history; NULL while it goes on. */
const historiesSchema = `
  CREATE TABLE histories (opening INTEGER PRIMARY KEY, epoch TEXT NOT NULL UNIQUE, through INTEGER) STRICT;
`;

/**
 * Opens a log's file and begins a new history in it, which continues the earlier ones.
 *
 * A file may have lost its tail since it was last open: it was restored from a backup, or the machine lost its power. Nothing in the file
 * can tell, as it is complete in itself. So no process continues the history of another: each names a new one, and remembers up to where
 * the file has the earlier ones. A client whose position is in an earlier history resumes if the file still has that position, and is told a gap if
 * it does not. With one name for all, new events would take the numbers of lost ones, and that client would miss them silently.
 *
 * @throws ConfigurationError for a file that cannot be used.
 */
export function openSqliteLog({ path, synchronous, firstEpoch }: OpenLogOptions): OpenedLog {
  if (!isEpoch(firstEpoch))
    throw new ConfigurationError(`epoch is "${firstEpoch}". Use 1 to 32 characters of 0-9 and a-z.`);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    // Exclusive: two processes would give the same sequence to different events.
    database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`);
    database.exec('BEGIN EXCLUSIVE');
    migrate(database, path);
    const opened = beginHistory(database, firstEpoch);
    database.exec('COMMIT');
    return opened;
  } catch (cause) {
    database?.close();
    if (cause instanceof ConfigurationError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError(
      `The event log cannot use ${path} (${reason}). Give it a file that it may write, and that no other process has open.`,
      { cause },
    );
  }
}

function migrate(database: DatabaseSync, path: string): void {
  const { user_version: version } = readRow(database, 'PRAGMA user_version') as { user_version: number };
  if (version === schemaVersion) return;
  if (version > schemaVersion) {
    throw new ConfigurationError(
      `${path} was written by another version (schema ${version}). Give the log another file.`,
    );
  }
  if (version === 0) database.exec(eventsSchema + historiesSchema);
  if (version === 1) {
    database.exec(`
      ${historiesSchema}
      INSERT INTO histories SELECT 1, epoch, NULL FROM history;
      CREATE TABLE forgotten (through INTEGER NOT NULL) STRICT;
      INSERT INTO forgotten SELECT forgotten_through FROM history;
      DROP TABLE history;
    `);
  }
  database.exec(publicationsSchema);
  database.exec(`PRAGMA user_version = ${schemaVersion}`);
}

function beginHistory(database: DatabaseSync, firstEpoch: string): OpenedLog {
  const { first, last } = readRow(
    database,
    'SELECT ifnull(min(sequence), 1) AS first, ifnull(max(sequence), 0) AS last FROM events',
  ) as { first: number; last: number };
  database.prepare('UPDATE histories SET through = ? WHERE through IS NULL').run(last);
  const rows = database.prepare('SELECT epoch, through FROM histories ORDER BY opening').all();
  const earlier = new Map((rows as { epoch: string; through: number }[]).map(({ epoch, through }) => [epoch, through]));
  const epoch = earlier.size === 0 ? firstEpoch : randomEpoch();
  database.prepare('INSERT INTO histories (epoch, through) VALUES (?, NULL)').run(epoch);
  database.prepare('DELETE FROM histories WHERE opening <= (SELECT max(opening) FROM histories) - ?').run(maxHistories);
  return { database, epoch, earlier, first, last };
}

function readRow(database: DatabaseSync, query: string): Record<string, SQLOutputValue> | undefined {
  return database.prepare(query).get();
}
