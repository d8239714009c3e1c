import type { Request } from 'express';
import type { Reception } from './upload-spool.ts';

/** Receives a task's file. */
export interface TaskUpload {
  /** How many bytes have arrived. */
  readonly bytes: number;
  /** The size of the file; `null` if the client did not say. */
  readonly sizeBytes: number | null;
  /** Receives a part of the file, which begins at `offset`. */
  receivePart(request: Request, offset: number): Promise<Reception>;
  /** Receives the whole file from a request that is not sent again: if it fails, the task fails. */
  receiveAtOnce(request: Request, sizeBytes: number | null): Promise<Reception>;
  /** Ends the current request, so that {@link bytes} does not change any more. */
  interrupt(): Promise<void>;
}
