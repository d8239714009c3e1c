import type { TaskFailure, TaskFailureCause } from 'demo-contract';

/** A failure with its English sentence, for logs and for clients that have no sentences themselves. */
export function describeFailure(cause: TaskFailureCause, line: number): TaskFailure {
  return { ...cause, line, reason: sentenceOf(cause) };
}

function sentenceOf(cause: TaskFailureCause): string {
  switch (cause.code) {
    case 'binary':
      return 'it holds binary data: this is not a text file.';
    case 'broken-off':
      return `the import broke off: ${cause.detail}`;
    case 'empty':
      return 'it is empty.';
    case 'inconsistent-columns':
      return `it has ${cause.found} columns, and the first line has ${cause.expected}.`;
    case 'not-stored':
      return `it could not be stored: ${cause.detail}`;
    case 'not-utf-8':
      return 'it is not UTF-8: save the file in that encoding.';
    case 'quote-in-value':
      return 'a quote is in the middle of a value: put the whole value in quotes, and double those within.';
    case 'quote-not-closed':
      return 'a quote is opened and never closed.';
    case 'record-too-large':
      return `a record is larger than ${cause.most} characters: is a quote never closed?`;
    case 'repeated-column':
      return `two columns are called "${cause.name}".`;
    case 'single-column':
      return 'it has a single column: the first line has to name two or more, with "," or ";" or a tab between them.';
    case 'text-after-quote':
      return 'something follows a closing quote: double the quotes within a value.';
    case 'too-many-columns':
      return `it has more than ${cause.most} columns.`;
    case 'unnamed-column':
      return `column ${cause.column} has no name.`;
    case 'unreadable':
      return cause.detail;
    case 'upload-broken':
      return 'the upload broke off: send the file again.';
    case 'upload-silent':
      return `no part of the file arrived for ${cause.seconds} s: send the file again.`;
  }
}
