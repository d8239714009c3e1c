import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { CsvFailure, describeParserError, maxRecordSize } from './csv-failure.ts';
import { readText } from './csv-text.ts';
import { createRowTable, type RowTable } from './row-table.ts';

export interface CsvImport {
  /** The rows so far. */
  readonly rows: number;
  /** Resolves with how many rows there were. @throws CsvFailure */
  run(chunks: AsyncIterable<Uint8Array>): Promise<number>;
}

/** Reads a CSV file into a database, at the pace of the database, whatever the size of the file. */
export function createCsvImport(path: string): CsvImport {
  let table: RowTable | undefined;

  async function run(chunks: AsyncIterable<Uint8Array>): Promise<number> {
    const texts = readText(chunks);
    const start = await readFirstLine(texts);
    if (start.trim() === '') throw new CsvFailure(1, 'it is empty.');
    let lines = 0;
    const parser = parse({
      delimiter: findDelimiter(start),
      bom: true,
      skip_empty_lines: true,
      max_record_size: maxRecordSize,
      // Here and not in the loop, which is behind: it never gets what an error finds on its way.
      on_record(record: string[], context) {
        ({ lines } = context);
        return record;
      },
    });
    // A chunk at a time: what is read ahead waits in memory.
    const source = Readable.from(startingWith(start, texts), { highWaterMark: 1 });
    source.on('error', (error) => parser.destroy(error));
    source.pipe(parser);
    try {
      for await (const record of parser as AsyncIterable<readonly string[]>) {
        if (table === undefined) table = createRowTable(path, record);
        else table.insert(record);
      }
    } catch (error) {
      throw error instanceof CsvError ? describeParserError(error, lines + 1) : error;
    } finally {
      source.destroy();
      table?.close();
    }
    return table?.rows ?? 0;
  }

  return {
    get rows() {
      return table?.rows ?? 0;
    },
    run,
  };
}

/** The text up to the end of the first line, at least, and no more than a record may have. */
async function readFirstLine(texts: AsyncGenerator<string, void>): Promise<string> {
  let start = '';
  while (!/[\r\n]/.test(start) && start.length <= maxRecordSize) {
    const { value, done } = await texts.next();
    if (done === true) break;
    start += value;
  }
  return start;
}

/** The one that the first line has most of. */
function findDelimiter(start: string): string {
  const firstLine = start.split(/[\r\n]/, 1)[0] ?? '';
  const count = (delimiter: string): number => firstLine.split(delimiter).length;
  return [',', ';', '\t'].reduce((most, delimiter) => (count(delimiter) > count(most) ? delimiter : most));
}

async function* startingWith(start: string, texts: AsyncIterable<string>): AsyncGenerator<string> {
  yield start;
  // An empty string would end the stream.
  for await (const text of texts) if (text !== '') yield text;
}
