import type { CsvError } from 'csv-parse';
import type { TaskFailureCause } from 'demo-contract';

/** A fault of the file, with its line. */
export class CsvFailure extends Error {
  override readonly name = 'CsvFailure';
  /** From 1. */
  readonly line: number;
  readonly reason: TaskFailureCause;

  constructor(line: number, reason: TaskFailureCause) {
    super(reason.code);
    this.line = line;
    this.reason = reason;
  }
}

/** The largest record, in characters. Without a limit, a quote that is never closed would read the whole file into memory. */
export const maxRecordSize = 2 ** 20;

/**
 * Translates an error of the parser.
 *
 * @param linesBefore the number of lines before the parser's first line.
 * @param recordLine the first line of the incomplete record.
 */
export function toCsvFailure(error: CsvError, linesBefore: number, recordLine: number): CsvFailure {
  const told = /line (\d+)/.exec(error.message)?.[1];
  const line = told === undefined ? recordLine : linesBefore + Number(told);
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return new CsvFailure(recordLine, { code: 'quote-not-closed' });
    case 'INVALID_OPENING_QUOTE':
      return new CsvFailure(line, { code: 'quote-in-value' });
    case 'CSV_INVALID_CLOSING_QUOTE':
      return new CsvFailure(line, { code: 'text-after-quote' });
    case 'CSV_MAX_RECORD_SIZE':
      return new CsvFailure(recordLine, { code: 'record-too-large', most: maxRecordSize });
    default:
      return new CsvFailure(line, { code: 'unreadable', detail: error.message });
  }
}
