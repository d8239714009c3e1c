import { statfsSync } from 'node:fs';
import type { RequestHandler, Response } from 'express';
import { sendProblem } from '../read-body.ts';

/** The disk that the API stores its data on. */
export interface DiskSpace {
  /** Whether less is free than what the API keeps in reserve, so that what is stored already can still be changed. */
  isFull(): boolean;
  /** Whether an error says that the disk is full: from the file system or from SQLite, or as the cause of another error. */
  isFullError(error: unknown): boolean;
  /** Refuses new work while the disk is full. Reading still works, and so does everything that frees space. */
  readonly refuseWhenFull: RequestHandler;
  sendFull(response: Response): void;
}

export interface DiskSpaceOptions {
  /** A folder on the disk. */
  readonly folder: string;
  readonly reserveBytes: number;
  /** How much is free on the disk of a folder, in bytes. @default the file system's answer */
  readonly freeBytes?: (folder: string) => number;
}

/** SQLITE_FULL (https://sqlite.org/rescode.html). */
const sqliteFull = 13;
/** Tasks are cancelled and second factors demanded also on a full disk: the first frees space, the second is a few bytes. */
const allowedWhenFull = /^\/(tasks\/[^/]+\/cancel|security\/[^/]+)$/;

export function createDiskSpace({ folder, reserveBytes, freeBytes = freeBytesOf }: DiskSpaceOptions): DiskSpace {
  const isFull = (): boolean => freeBytes(folder) < reserveBytes;

  function sendFull(response: Response): void {
    response.set('Retry-After', '60');
    sendProblem(response, 507, 'storage-full', 'The disk of the API is full: reading works, new work does not.');
  }

  return {
    isFull,
    isFullError,
    sendFull,
    refuseWhenFull(request, response, next) {
      const isWork = ['POST', 'PUT', 'PATCH'].includes(request.method) && !allowedWhenFull.test(request.path);
      if (isWork && isFull()) sendFull(response);
      else next();
    },
  };
}

export function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

export function isFullError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, errcode, cause } = error as NodeJS.ErrnoException & { readonly errcode?: unknown };
  return code === 'ENOSPC' || code === 'EDQUOT' || errcode === sqliteFull || isFullError(cause);
}
