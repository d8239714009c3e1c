import type { TaskFailure } from 'demo-contract';

/** From the API to the worker: how many bytes of the file are available. */
export interface ToWorker {
  readonly bytes: number;
  readonly extent: 'part' | 'whole';
}

/** From the worker to the API. */
export type FromWorker =
  /** First the start position, then the progress. */
  | { readonly kind: 'progress'; readonly bytes: number; readonly rows: number }
  | { readonly kind: 'completed'; readonly rows: number }
  | { readonly kind: 'failed'; readonly rows: number; readonly failure: TaskFailure };

/** The arguments of the worker. */
export interface ImportOrder {
  /** The file, which may still grow. */
  readonly filePath: string;
  /** The database to create, or to continue. */
  readonly databasePath: string;
}
