import type { CsvError } from 'csv-parse';

/** A file that is not what it should be, and where. */
export class CsvFailure extends Error {
  override readonly name = 'CsvFailure';
  /** From 1. */
  readonly line: number;

  constructor(line: number, reason: string) {
    super(reason);
    this.line = line;
  }
}

/** The largest record, in characters. Without a bound, a quote that is never closed would read the whole file into memory. */
export const maxRecordSize = 2 ** 20;

/**
 * What the parser found, for the person whose file it is.
 *
 * @param recordLine where the record began that it did not get to the end of.
 */
export function describeParserError(error: CsvError, recordLine: number): CsvFailure {
  const line = Number(/line (\d+)/.exec(error.message)?.[1] ?? recordLine);
  switch (error.code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH': {
      const [, expected = '?', found = '?'] = /expect (\d+), got (\d+)/.exec(error.message) ?? [];
      return new CsvFailure(line, `it has ${found} columns, and the first line has ${expected}.`);
    }
    case 'CSV_QUOTE_NOT_CLOSED':
      return new CsvFailure(recordLine, 'a quote is opened and never closed.');
    case 'INVALID_OPENING_QUOTE':
      return new CsvFailure(
        line,
        'a quote is in the middle of a value: put the whole value in quotes, and double those within.',
      );
    case 'CSV_INVALID_CLOSING_QUOTE':
      return new CsvFailure(line, 'something follows a closing quote: double the quotes within a value.');
    case 'CSV_MAX_RECORD_SIZE':
      return new CsvFailure(
        recordLine,
        `a record is larger than ${maxRecordSize} characters: is a quote never closed?`,
      );
    default:
      return new CsvFailure(line, error.message);
  }
}
