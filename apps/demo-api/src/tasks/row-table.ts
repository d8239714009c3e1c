import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { CsvFailure } from './csv-failure.ts';

/** Where the rows of a file go. */
export interface RowTable {
  readonly rows: number;
  insert(values: readonly string[]): void;
  close(): void;
}

const maxColumns = 500;
/** One transaction for so many: one for each row would be a hundred times slower. */
const rowsPerCommit = 5_000;

/** Creates a database with the table `rows`, whose columns are the file's. @throws CsvFailure for names that are none. */
export function createRowTable(path: string, names: readonly string[]): RowTable {
  checkNames(names);
  const database = new DatabaseSync(path);
  // An import that dies is begun anew, in another file: it needs no journal to be undone by.
  database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
  const quoted = names.map((name) => `"${name.trim().replaceAll('"', '""')}" TEXT`);
  database.exec(`CREATE TABLE rows (${quoted.join(', ')})`);
  const insert: StatementSync = database.prepare(`INSERT INTO rows VALUES (${names.map(() => '?').join(', ')})`);
  database.exec('BEGIN');
  let rows = 0;
  return {
    get rows() {
      return rows;
    },
    insert(values) {
      insert.run(...values);
      rows += 1;
      if (rows % rowsPerCommit === 0) database.exec('COMMIT; BEGIN');
    },
    close() {
      database.exec('COMMIT');
      database.close();
    },
  };
}

function checkNames(names: readonly string[]): void {
  if (names.length < 2) {
    throw new CsvFailure(
      1,
      'it has a single column: the first line has to name two or more, with "," or ";" or a tab between them.',
    );
  }
  if (names.length > maxColumns) throw new CsvFailure(1, `it has more than ${maxColumns} columns.`);
  const seen = new Set<string>();
  for (const [index, name] of names.entries()) {
    // SQLite's names know no case.
    const key = name.trim().toLowerCase();
    if (key === '') throw new CsvFailure(1, `column ${index + 1} has no name.`);
    if (seen.has(key)) throw new CsvFailure(1, `two columns are called "${name.trim().slice(0, 50)}".`);
    seen.add(key);
  }
}
