import type { Request } from 'express';
import type { Reception } from './upload-spool.ts';

/** The way of a task's file to the API. */
export interface TaskUpload {
  /** How much is here. */
  readonly bytes: number;
  /** How much there is; `null` where nobody said. */
  readonly sizeBytes: number | null;
  /** Takes a part of the file, which begins at `offset`. */
  receivePart(request: Request, offset: number): Promise<Reception>;
  /** Takes the whole file from a request that nobody sends again: the task fails with it. */
  receiveAtOnce(request: Request, sizeBytes: number | null): Promise<Reception>;
  /** Breaks off whatever still comes, so that {@link bytes} stays as it is. */
  interrupt(): Promise<void>;
}
