import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { CsvFailure } from './csv-failure.ts';

/** A position between two records of a file, and what is needed to continue from there. */
interface Checkpoint {
  /** Where the next record begins. */
  readonly bytes: number;
  /** How many lines came before. */
  readonly lines: number;
  readonly rows: number;
  readonly columns: number;
  readonly delimiter: string;
}

/** The table of a file's rows. What is not committed is lost with the process, together with its checkpoint. */
export interface RowTable {
  /** The position up to which the file was imported; `null` for a new table. */
  readonly checkpoint: Checkpoint | null;
  /** Creates the table `rows`, whose columns are the file's. @throws CsvFailure for names that are missing or repeated. */
  create(names: readonly string[]): void;
  insert(values: readonly string[]): void;
  /** Commits the rows so far and the position after them: both or neither. */
  commit(checkpoint: Checkpoint): void;
  close(): void;
}

const maxColumns = 500;

export function openRowTable(path: string): RowTable {
  const database = new DatabaseSync(path);
  // A journal, so that commits survive a kill. It stays small, since rows are only appended.
  database.exec(`
    PRAGMA journal_mode = DELETE; PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS checkpoint (
      id INTEGER PRIMARY KEY CHECK (id = 1), bytes INTEGER NOT NULL, lines INTEGER NOT NULL, rows INTEGER NOT NULL,
      columns INTEGER NOT NULL, delimiter TEXT NOT NULL
    ) STRICT;
    BEGIN;
  `);
  const keep = database.prepare('REPLACE INTO checkpoint VALUES (1, ?, ?, ?, ?, ?)');
  const kept = database.prepare('SELECT bytes, lines, rows, columns, delimiter FROM checkpoint').get();
  // The columns are those of the statement above.
  const checkpoint = kept === undefined ? null : (kept as unknown as Checkpoint);
  const prepareInsert = (columns: number): StatementSync =>
    database.prepare(`INSERT INTO rows VALUES (${Array.from({ length: columns }, () => '?').join(', ')})`);
  let insert = checkpoint === null ? null : prepareInsert(checkpoint.columns);

  return {
    checkpoint,
    create(names) {
      checkNames(names);
      const quoted = names.map((name) => `"${name.trim().replaceAll('"', '""')}" TEXT`);
      database.exec(`CREATE TABLE rows (${quoted.join(', ')})`);
      insert = prepareInsert(names.length);
    },
    insert(values) {
      insert?.run(...values);
    },
    commit({ bytes, lines, rows, columns, delimiter }) {
      keep.run(bytes, lines, rows, columns, delimiter);
      database.exec('COMMIT; BEGIN');
    },
    close: () => database.close(),
  };
}

function checkNames(names: readonly string[]): void {
  if (names.length < 2) throw new CsvFailure(1, { code: 'single-column' });
  if (names.length > maxColumns) throw new CsvFailure(1, { code: 'too-many-columns', most: maxColumns });
  const seen = new Set<string>();
  for (const [index, name] of names.entries()) {
    // SQLite's column names are case-insensitive.
    const key = name.trim().toLowerCase();
    if (key === '') throw new CsvFailure(1, { code: 'unnamed-column', column: index + 1 });
    if (seen.has(key)) throw new CsvFailure(1, { code: 'repeated-column', name: name.trim().slice(0, 50) });
    seen.add(key);
  }
}
