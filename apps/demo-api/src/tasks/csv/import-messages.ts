import type { TaskFailure } from 'demo-contract';

/** From the API to the worker: how much of the file is there by now. */
export interface ToWorker {
  readonly bytes: number;
  readonly extent: 'part' | 'whole';
}

/** From the worker to the API. */
export type FromWorker =
  /** Where it begins, and then how far it is. */
  | { readonly kind: 'progress'; readonly bytes: number; readonly rows: number }
  | { readonly kind: 'completed'; readonly rows: number }
  | { readonly kind: 'failed'; readonly rows: number; readonly failure: TaskFailure };

/** What the worker is started with. */
export interface ImportOrder {
  /** The file, which may still grow. */
  readonly filePath: string;
  /** The database to create, or to go on with. */
  readonly databasePath: string;
}
