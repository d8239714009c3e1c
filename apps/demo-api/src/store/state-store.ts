import { DatabaseSync } from 'node:sqlite';

/** Values of one kind, by their key. */
interface StateTable<T> {
  get(key: string): T | undefined;
  /** Kept once this returns. Past the table's bound, the value that was set longest ago goes. */
  set(key: string, value: T): void;
  delete(key: string): void;
  /** The one set longest ago first. */
  values(): T[];
}

/** What the demo itself remembers, beside the events: read whole and written whole, so that JSON will do. */
export interface StateStore {
  /** @param limit how many values the table holds. */
  table<T>(kind: string, limit?: number): StateTable<T>;
  close(): void;
}

/** @param path the database's file; `':memory:'` keeps nothing. */
export function createStateStore(path: string): StateStore {
  const database = new DatabaseSync(path);
  database.exec(`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS state (
      turn INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, UNIQUE (kind, key)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS state_by_turn ON state (kind, turn);
  `);
  const select = database.prepare('SELECT value FROM state WHERE kind = ? AND key = ?');
  // REPLACE gives a new turn, so that what is used stays young.
  const replace = database.prepare('REPLACE INTO state (kind, key, value) VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM state WHERE kind = ? AND key = ?');
  const trim = database.prepare(`
    DELETE FROM state WHERE kind = ?1
    AND turn <= (SELECT turn FROM state WHERE kind = ?1 ORDER BY turn DESC LIMIT 1 OFFSET ?2)`);
  const list = database.prepare('SELECT value FROM state WHERE kind = ? ORDER BY turn');
  const parse = (row: Record<string, unknown>): unknown => JSON.parse(String(row.value));

  return {
    table: <T>(kind: string, limit = 1_000): StateTable<T> => ({
      get(key) {
        const row = select.get(kind, key);
        return row === undefined ? undefined : (parse(row) as T);
      },
      set(key, value) {
        replace.run(kind, key, JSON.stringify(value));
        trim.run(kind, limit);
      },
      delete: (key) => void remove.run(kind, key),
      values: () => list.all(kind).map((row) => parse(row) as T),
    }),
    close: () => database.close(),
  };
}
