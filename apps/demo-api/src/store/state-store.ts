import { DatabaseSync } from 'node:sqlite';

/** Thrown where a value would be one too many. It is shown to the user: nothing of anybody else's makes room for it. */
export class LimitReached extends Error {
  override readonly name = 'LimitReached';
  /** Stable over versions: whether the user has too many of the kind, or the whole store has. */
  readonly code: 'too-many' | 'store-full';

  constructor(code: LimitReached['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export function isLimitReached(error: unknown): error is LimitReached {
  return error instanceof LimitReached;
}

/** Values of one kind, by their key. Each has an owner, who created it. */
export interface StateTable<T> {
  get(key: string): T | undefined;
  /**
   * Stores a value; it is durable once this returns. The owner counts for a new key only: a value keeps its first one.
   *
   * @throws LimitReached for a new value past a limit, and nothing has changed.
   */
  set(key: string, value: T, owner: string): void;
  /**
   * Changes a value, and nothing comes between reading and writing it, also where several processes share the store.
   *
   * @param change returns the next value; `undefined` leaves it as it is.
   * @throws LimitReached as {@link set}
   */
  update(key: string, change: (before: T | undefined) => T | undefined, owner: string): void;
  delete(key: string): void;
  /** The one that was set longest ago first. */
  values(): T[];
  /** Those of one owner, in the same order. */
  valuesOf(owner: string): T[];
}

interface TableLimits {
  /** How many values one owner may have. */
  readonly perOwner: number;
  /** What happens past that: `forget-own` removes the owner's value that was set longest ago. It never removes another owner's. */
  readonly past: 'refuse' | 'forget-own';
  /** How many values all owners may have together. Past that, new ones are refused. @default 100_000 */
  readonly total?: number;
}

/** What the demo itself remembers, besides the events. Values are read and written as a whole, so JSON is enough. */
export interface StateStore {
  table<T>(kind: string, limits: TableLimits): StateTable<T>;
  close(): void;
}

/** @param path the database's file; `':memory:'` stores nothing. */
export function createStateStore(path: string): StateStore {
  const database = new DatabaseSync(path);
  database.exec(`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;
    CREATE TABLE IF NOT EXISTS state (
      turn INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
      owner TEXT NOT NULL DEFAULT '', UNIQUE (kind, key)
    ) STRICT;
  `);
  const columns = database.prepare('PRAGMA table_info(state)').all();
  // A database of a version that had no owners: what is there already counts for nobody.
  if (!columns.some(({ name }) => name === 'owner')) {
    database.exec("ALTER TABLE state ADD COLUMN owner TEXT NOT NULL DEFAULT ''");
  }
  database.exec(`
    CREATE INDEX IF NOT EXISTS state_by_turn ON state (kind, turn);
    CREATE INDEX IF NOT EXISTS state_by_owner ON state (kind, owner, turn);
  `);
  const select = database.prepare('SELECT value, owner FROM state WHERE kind = ? AND key = ?');
  // REPLACE assigns a new turn, so that a value that is in use stays young.
  const replace = database.prepare('REPLACE INTO state (kind, key, value, owner) VALUES (?, ?, ?, ?)');
  const remove = database.prepare('DELETE FROM state WHERE kind = ? AND key = ?');
  const trim = database.prepare(`
    DELETE FROM state WHERE kind = ?1 AND owner = ?2
    AND turn <= (SELECT turn FROM state WHERE kind = ?1 AND owner = ?2 ORDER BY turn DESC LIMIT 1 OFFSET ?3)`);
  const list = database.prepare('SELECT value FROM state WHERE kind = ? ORDER BY turn');
  const listOf = database.prepare('SELECT value FROM state WHERE kind = ? AND owner = ? ORDER BY turn');
  const count = database.prepare('SELECT count(*) AS count FROM state WHERE kind = ?');
  const countOf = database.prepare('SELECT count(*) AS count FROM state WHERE kind = ? AND owner = ?');
  const parse = (row: Record<string, unknown>): unknown => JSON.parse(String(row.value));
  const numberIn = (row: Record<string, unknown> | undefined): number => Number(row?.count ?? 0);

  return {
    table<T>(kind: string, { perOwner, past, total = 100_000 }: TableLimits): StateTable<T> {
      // Counted once: SQLite would read the whole index at every new value.
      let stored = numberIn(count.get(kind));

      function makeRoom(owner: string): void {
        if (numberIn(countOf.get(kind, owner)) < perOwner) {
          if (stored < total) return;
          throw new LimitReached('store-full', `No more entries of kind "${kind}" can be created.`);
        }
        if (past === 'refuse') {
          throw new LimitReached(
            'too-many',
            `You already have ${perOwner} entries of kind "${kind}", which is the limit.`,
          );
        }
        stored -= Number(trim.run(kind, owner, perOwner - 1).changes);
      }

      function set(key: string, value: T, owner: string): void {
        const before = select.get(kind, key);
        if (before === undefined) makeRoom(owner);
        replace.run(kind, key, JSON.stringify(value), before === undefined ? owner : String(before.owner));
        if (before === undefined) stored += 1;
      }

      function get(key: string): T | undefined {
        const row = select.get(kind, key);
        return row === undefined ? undefined : (parse(row) as T);
      }

      return {
        get,
        set,
        update(key, change, owner) {
          database.exec('BEGIN IMMEDIATE');
          try {
            const next = change(get(key));
            if (next !== undefined) set(key, next, owner);
            database.exec('COMMIT');
          } catch (error) {
            // SQLite may have ended the transaction by itself, as when the disk is full.
            if (database.isTransaction) database.exec('ROLLBACK');
            throw error;
          }
        },
        delete(key) {
          stored -= Number(remove.run(kind, key).changes);
        },
        values: () => list.all(kind).map((row) => parse(row) as T),
        valuesOf: (owner) => listOf.all(kind, owner).map((row) => parse(row) as T),
      };
    },
    close: () => database.close(),
  };
}
