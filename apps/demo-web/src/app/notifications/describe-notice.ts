import type { ImportEnded, Notice } from 'demo-contract';
import { describeTask } from '@app/tasks/describe-task';

interface NoticeWords {
  readonly title: string;
  readonly message: string;
}

/** A notice as a person wrote it, or, of what the API tells, in the page's language. */
export function describeNotice({ from, title, message, about }: Notice, locale: string): NoticeWords {
  switch (about?.kind) {
    case 'import-ended':
      return describeImport(about, locale);
    case 'mentioned':
      return {
        title: $localize`:@@notice.mentioned:${from.name}:name: mentioned you in ${about.session}:session:`,
        message,
      };
    case 'document-shared':
      return { title: $localize`:@@notice.document-shared:${from.name}:name: shared a document with you`, message };
    // One of a newer API's has its own words too.
    default:
      return { title, message };
  }
}

function describeImport(ended: ImportEnded, locale: string): NoticeWords {
  const sentence = describeTask({ ...ended, secondsLeft: null }, locale);
  return {
    title:
      ended.status === 'completed'
        ? $localize`:@@notifications.import-completed:Your import is done`
        : $localize`:@@notifications.import-failed:Your import has failed`,
    message: $localize`:@@notifications.import-message:${ended.name}:name:: ${sentence}:sentence:`,
  };
}
