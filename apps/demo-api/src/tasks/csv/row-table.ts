import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { CsvFailure } from './csv-failure.ts';

/** A place in a file between two records, and what is needed to go on from there. */
interface Checkpoint {
  /** Where the next record begins. */
  readonly bytes: number;
  /** How many lines came before. */
  readonly lines: number;
  readonly rows: number;
  readonly columns: number;
  readonly delimiter: string;
}

/** Where the rows of a file go. What is not committed is gone with the process, its checkpoint with it. */
export interface RowTable {
  /** Up to where the file was read; `null` where nothing was kept of it. */
  readonly checkpoint: Checkpoint | null;
  /** Creates the table `rows`, whose columns are the file's. @throws CsvFailure for names that are none. */
  create(names: readonly string[]): void;
  insert(values: readonly string[]): void;
  /** Keeps the rows so far and the place after them: both or neither. */
  commit(checkpoint: Checkpoint): void;
  close(): void;
}

const maxColumns = 500;

export function openRowTable(path: string): RowTable {
  const database = new DatabaseSync(path);
  // A journal, so that what was committed outlives a kill. Of rows that are only appended, it holds next to nothing.
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
    // SQLite's names know no case.
    const key = name.trim().toLowerCase();
    if (key === '') throw new CsvFailure(1, { code: 'unnamed-column', column: index + 1 });
    if (seen.has(key)) throw new CsvFailure(1, { code: 'repeated-column', name: name.trim().slice(0, 50) });
    seen.add(key);
  }
}
