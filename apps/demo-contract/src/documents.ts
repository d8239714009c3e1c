import type { Person } from './people.ts';

/**
 * The events of `documents/stream/:documentId`, in this order: one `snapshot`, then `update` and `cursor` as they come. Binary is base64
 * of Yjs's update format.
 */
export type DocumentEvent =
  | { readonly kind: 'snapshot'; readonly update: string; readonly people: readonly DocumentCursor[] }
  | { readonly kind: 'update'; readonly update: string; readonly from: string }
  | { readonly kind: 'cursor'; readonly cursor: DocumentCursor };

/** `POST documents/:documentId/cursor` */
export interface NewDocumentCursor {
  readonly clientId: string;
  readonly range: DocumentCursor['range'];
}

/** Where somebody is in a document, as Yjs relative positions (JSON text); `null`: they have left. */
export interface DocumentCursor {
  /** One a page: a person may have several. */
  readonly clientId: string;
  readonly person: Person;
  readonly range: { readonly anchor: string; readonly head: string } | null;
}

/** `POST documents/:documentId/updates` */
export interface NewDocumentUpdate {
  readonly clientId: string;
  readonly update: string;
}

/** `POST documents`, answered by the {@link DocumentInfo}. */
export interface NewDocument {
  readonly title: string;
  /** {@link Person.id}s of those who may read and write it too. */
  readonly sharedWith: readonly string[];
}

/** `GET documents`: those that the person may open. */
export interface DocumentInfo {
  readonly id: string;
  readonly title: string;
  readonly owner: Person;
  /** {@link Person.id}s, beside the owner. */
  readonly sharedWith: readonly string[];
}
