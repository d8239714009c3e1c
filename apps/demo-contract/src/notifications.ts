import type { Person } from './people.ts';
import type { TaskFailure } from './tasks.ts';

/** An event of `notifications/stream`. */
export interface Notice {
  readonly from: Person;
  /** English, where the API wrote it. */
  readonly title: string;
  readonly message: string;
  /** What the API's own words are about, for a page that says it in another language; absent where a person wrote them. */
  readonly about?: NoticeSubject;
  /** ISO 8601. */
  readonly at: string;
}

export type NoticeSubject =
  | ImportEnded
  /** The person was mentioned in the chat of a session. */
  | { readonly kind: 'mentioned'; readonly session: string }
  | { readonly kind: 'document-shared'; readonly documentId: string };

/** An import came to its end. */
export interface ImportEnded {
  readonly kind: 'import-ended';
  /** The file's name. */
  readonly name: string;
  readonly status: 'completed' | 'failed';
  readonly rows: number;
  readonly failure: TaskFailure | null;
}

/** `GET notifications`: what came before, also while no page was open. */
export interface Inbox {
  /** The newest first. */
  readonly notices: readonly Notice[];
  readonly unread: number;
  /** Where `notifications/stream` continues. */
  readonly lastEventId: string;
}

/** `POST notifications` */
export interface NewNotice {
  /** A {@link Person.id}. */
  readonly to: string;
  readonly title: string;
  readonly message: string;
}
