import type { TaskFailure } from 'demo-contract';
import { describeDuration } from '@app/describe-duration';

/** Why an import failed, in the page's language. */
export function describeFailure(failure: TaskFailure): string {
  const reason = describeCause(failure);
  return failure.line === 0
    ? $localize`:@@tasks.failure.file:The file cannot be imported: ${reason}:reason:`
    : $localize`:@@tasks.sentence.failed-line:Line ${failure.line}:line: cannot be imported: ${reason}:reason:`;
}

function describeCause(failure: TaskFailure): string {
  switch (failure.code) {
    case 'binary':
      return $localize`:@@tasks.failure.binary:it holds binary data, so this is no text file.`;
    case 'broken-off':
      return $localize`:@@tasks.failure.broken-off:the import broke off (${failure.detail}:detail:).`;
    case 'empty':
      return $localize`:@@tasks.failure.empty:it is empty.`;
    case 'inconsistent-columns':
      return $localize`:@@tasks.failure.inconsistent-columns:it has ${failure.found}:found: columns, and the first line has ${failure.expected}:expected:.`;
    case 'not-stored':
      return $localize`:@@tasks.failure.not-stored:it could not be stored (${failure.detail}:detail:).`;
    case 'not-utf-8':
      return $localize`:@@tasks.failure.not-utf-8:it is not UTF-8. Save the file in that encoding.`;
    case 'quote-in-value':
      return $localize`:@@tasks.failure.quote-in-value:a quote is in the middle of a value. Put the whole value in quotes, and double those within.`;
    case 'quote-not-closed':
      return $localize`:@@tasks.failure.quote-not-closed:a quote is opened and never closed.`;
    case 'record-too-large':
      return $localize`:@@tasks.failure.record-too-large:a record is larger than ${failure.most}:most: characters. Is a quote never closed?`;
    case 'repeated-column':
      return $localize`:@@tasks.failure.repeated-column:two columns are called “${failure.name}:name:”.`;
    case 'single-column':
      return $localize`:@@tasks.failure.single-column:it has a single column. The first line has to name two or more, with commas, semicolons or tabs between them.`;
    case 'text-after-quote':
      return $localize`:@@tasks.failure.text-after-quote:something follows a closing quote. Double the quotes within a value.`;
    case 'too-many-columns':
      return $localize`:@@tasks.failure.too-many-columns:it has more than ${failure.most}:most: columns.`;
    case 'unnamed-column':
      return $localize`:@@tasks.failure.unnamed-column:column ${failure.column}:column: has no name.`;
    case 'unreadable':
      return $localize`:@@tasks.failure.unreadable:it cannot be read (${failure.detail}:detail:).`;
    case 'upload-broken':
      return $localize`:@@tasks.failure.upload-broken:the upload broke off. Send the file again.`;
    case 'upload-silent':
      return $localize`:@@tasks.failure.upload-silent:no part of it came for ${describeDuration(failure.seconds)}:duration:. Send the file again.`;
  }
}
