import type { Notice } from 'demo-contract';

/** The title of a notice: as a person wrote it, or, of what the API tells, in the page's language. */
export function titleOf({ from, title, occasion }: Notice): string {
  switch (occasion?.kind) {
    case 'mentioned':
      return $localize`:@@notice.mentioned:${from.name}:name: mentioned you in ${occasion.session}:session:`;
    case 'document-shared':
      return $localize`:@@notice.document-shared:${from.name}:name: shared a document with you`;
    case undefined:
      return title;
  }
}
