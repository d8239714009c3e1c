import { statSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { Request } from 'express';
import { isFullError } from '../../store/disk-space.ts';

/**
 * How a request ended: its whole body was stored, it had more bytes than the file, it did not begin where the stored part ends, the file is
 * not needed any more, its connection was lost, or the disk is full.
 */
export type Reception = 'taken' | 'too-large' | 'wrong-offset' | 'not-wanted' | 'lost' | 'disk-full';

/** The file of an import while it is received. What has arrived stays on the disk, so that the rest may come later. */
export interface UploadSpool {
  /** How many bytes have arrived. */
  readonly bytes: number;
  readonly state: 'receiving' | 'waiting';
  /** Stores a request's body at the disk's pace, from `offset` on. Ends an earlier request for the same file first. */
  receive(request: Request, part: { readonly offset: number; readonly maxBytes: number }): Promise<Reception>;
  /** Closes the connection that the file is received on. Resolves once nothing is written any more. */
  interrupt(): Promise<void>;
  /** From now on, requests are answered by `not-wanted`. */
  close(): void;
  remove(): Promise<void>;
}

export interface UploadSpoolOptions {
  readonly path: string;
  /** Whether less is free on the disk than the reserve. Asked about now and then while a body is stored. */
  readonly isDiskFull: () => boolean;
  /** Called for every part that has arrived, and at the beginning and end of each connection. */
  readonly onChange: () => void;
}

/** How long a connection may send nothing. */
const silenceMs = 60_000;
/** After so many bytes, the free space is asked about again. */
const checkDiskBytes = 2 ** 20;

export function openUploadSpool({ path, isDiskFull, onChange }: UploadSpoolOptions): UploadSpool {
  let bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  let current: { readonly request: Request; readonly done: Promise<unknown> } | undefined;
  let isOpen = true;

  async function interrupt(): Promise<void> {
    while (current !== undefined) {
      current.request.destroy();
      await current.done;
    }
  }

  async function write(request: Request, maxBytes: number): Promise<Reception> {
    const file = await open(path, 'a');
    // The first chunk is checked too.
    let unchecked = checkDiskBytes;
    try {
      // The request outlives the loop: its answer has not been sent yet.
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        if (!isOpen) return 'not-wanted';
        if (bytes + chunk.byteLength > maxBytes) return 'too-large';
        if (unchecked >= checkDiskBytes) {
          if (isDiskFull()) return 'disk-full';
          unchecked = 0;
        }
        unchecked += chunk.byteLength;
        await file.appendFile(chunk);
        bytes += chunk.byteLength;
        onChange();
      }
      return 'taken';
    } catch (error) {
      if (isFullError(error)) return 'disk-full';
      if (request.destroyed && !request.complete) return 'lost';
      throw error;
    } finally {
      await file.close();
    }
  }

  return {
    get bytes() {
      return bytes;
    },
    get state() {
      return current === undefined ? 'waiting' : 'receiving';
    },
    async receive(request, { offset, maxBytes }) {
      // Several requests may have waited for the same end: each of them interrupts the one that was quicker.
      while (current !== undefined) await interrupt();
      if (!isOpen) return 'not-wanted';
      if (offset !== bytes) return 'wrong-offset';
      request.setTimeout(silenceMs, () => request.destroy());
      const done = write(request, maxBytes);
      current = { request, done: done.catch(() => undefined) };
      onChange();
      try {
        return await done;
      } finally {
        current = undefined;
        // From here on, the connection waits for its answer.
        request.setTimeout(0);
        onChange();
      }
    },
    interrupt,
    close() {
      isOpen = false;
    },
    remove: () => rm(path, { force: true }),
  };
}
