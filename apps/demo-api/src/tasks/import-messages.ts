/** From the API to the worker: what the file holds, in order. */
export type ToWorker = { readonly kind: 'chunk'; readonly bytes: Uint8Array } | { readonly kind: 'end' };

/** From the worker to the API. */
export type FromWorker =
  /** A chunk was taken, so that there is room for another. */
  | { readonly kind: 'taken'; readonly bytes: number; readonly rows: number }
  | { readonly kind: 'completed'; readonly rows: number }
  | { readonly kind: 'failed'; readonly rows: number; readonly line: number; readonly reason: string };

/** What the worker is started with. */
export interface ImportOrder {
  /** The database to create. */
  readonly path: string;
}
