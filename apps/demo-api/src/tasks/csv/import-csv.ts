import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { checkText } from './csv-bytes.ts';
import { CsvFailure, maxRecordSize, toCsvFailure } from './csv-failure.ts';
import { openRowTable } from './row-table.ts';

export interface CsvImport {
  /** How many bytes of the file an earlier run has imported. This run continues after them. */
  readonly keptBytes: number;
  /** The rows so far, including those of earlier runs. */
  readonly rows: number;
  /** @param chunks the file from {@link keptBytes} on. @throws CsvFailure */
  run(chunks: AsyncIterable<Uint8Array>): Promise<void>;
  close(): void;
}

/** Rows per transaction: one transaction per row would be a hundred times slower. */
const defaultRowsPerCommit = 20_000;

/** Imports a CSV file of any size into a database, at the pace of the database, and resumes an earlier run. */
export function createCsvImport(path: string, { rowsPerCommit = defaultRowsPerCommit } = {}): CsvImport {
  const table = openRowTable(path);
  const { checkpoint } = table;
  const keptBytes = checkpoint?.bytes ?? 0;
  const linesBefore = checkpoint?.lines ?? 0;
  let { rows = 0, columns = 0 } = checkpoint ?? {};

  async function run(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const texts = checkText(chunks, linesBefore);
    let { delimiter = '' } = checkpoint ?? {};
    const start = checkpoint === null ? await readFirstLine(texts) : Buffer.alloc(0);
    if (checkpoint === null) {
      const text = start.toString();
      if (text.trim() === '') throw new CsvFailure(1, { code: 'empty' });
      delimiter = findDelimiter(text);
    }
    // The end of the last record.
    let bytes = keptBytes;
    let lines = linesBefore;
    let miscounted = 0;
    let uncommitted = 0;
    const commit = (): void => {
      table.commit({ bytes, lines, rows, columns, delimiter });
      uncommitted = 0;
    };
    const parser = parse({
      delimiter,
      bom: checkpoint === null,
      // Not detected by the parser: the result would depend on where an import was interrupted.
      record_delimiter: ['\r\n', '\n', '\r'],
      // Checked below, for the same reason.
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: maxRecordSize,
      on_record(record: readonly string[], context) {
        if (context.lines + linesBefore > lines + miscounted + 1) miscounted += countCrLf(record);
        bytes = keptBytes + context.bytes;
        lines = linesBefore + context.lines - miscounted;
        if (columns === 0) {
          table.create(record);
          columns = record.length;
        } else {
          if (record.length !== columns) {
            throw new CsvFailure(lines, { code: 'inconsistent-columns', found: record.length, expected: columns });
          }
          table.insert(record);
          rows += 1;
          uncommitted += 1;
          if (uncommitted === rowsPerCommit) commit();
        }
        // Nothing is passed on: the parser never waits for a reader.
        return null;
      },
    });
    parser.resume();
    try {
      await pipeline(startingWith(start, texts), parser);
    } catch (error) {
      throw error instanceof CsvError ? toCsvFailure(error, linesBefore - miscounted, lines + 1) : error;
    }
    commit();
  }

  return {
    keptBytes,
    get rows() {
      return rows;
    },
    run,
    close: () => table.close(),
  };
}

/** At least the first line, and at most the length of a record. */
async function readFirstLine(texts: AsyncGenerator<Buffer, void>): Promise<Buffer> {
  let start = Buffer.alloc(0);
  while (!start.includes('\n') && !start.includes('\r') && start.byteLength <= maxRecordSize) {
    const { value, done } = await texts.next();
    if (done === true) break;
    start = Buffer.concat([start, value]);
  }
  return start;
}

/** The delimiter that is most frequent in the first line. */
function findDelimiter(start: string): string {
  const firstLine = start.split(/[\r\n]/, 1)[0] ?? '';
  const count = (delimiter: string): number => firstLine.split(delimiter).length;
  return [',', ';', '\t'].reduce((most, delimiter) => (count(delimiter) > count(most) ? delimiter : most));
}

/** The number of CR LF within values: the parser counts each of them as two lines. */
function countCrLf(record: readonly string[]): number {
  return record.reduce((count, value) => count + value.split('\r\n').length - 1, 0);
}

async function* startingWith(start: Buffer, texts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (start.byteLength > 0) yield start;
  yield* texts;
}
