import { statSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { Request } from 'express';

/**
 * How a request went: all of its body was taken, more came than there was to come, it began elsewhere than where the file ends, the file
 * is wanted no more, or its connection was lost.
 */
export type Reception = 'taken' | 'too-large' | 'wrong-offset' | 'not-wanted' | 'lost';

/** The file of an import, on its way: what has come stays on the disk, so that the rest may come later. */
export interface UploadSpool {
  /** How much has come. */
  readonly bytes: number;
  readonly state: 'receiving' | 'waiting';
  /** Takes a request's body at the disk's pace, from `offset` on. What came before it on another connection ends first. */
  receive(request: Request, part: { readonly offset: number; readonly maxBytes: number }): Promise<Reception>;
  /** Breaks the connection off that the file comes on. Resolves once nothing is written any more. */
  interrupt(): Promise<void>;
  /** Wants no more: what still comes is answered so. */
  close(): void;
  remove(): Promise<void>;
}

export interface UploadSpoolOptions {
  readonly path: string;
  /** Told of every part that has come, and of each connection's beginning and end. */
  readonly onChange: () => void;
}

/** A connection that says nothing for so long is gone. */
const silenceMs = 60_000;

export function openUploadSpool({ path, onChange }: UploadSpoolOptions): UploadSpool {
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
    try {
      // The request outlives the loop: its answer is still to come.
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        if (!isOpen) return 'not-wanted';
        if (bytes + chunk.byteLength > maxBytes) return 'too-large';
        await file.appendFile(chunk);
        bytes += chunk.byteLength;
        onChange();
      }
      return 'taken';
    } catch (error) {
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
      // Several may have waited for the same end: each of them ends the one that was quicker.
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
        // The connection may now wait for an answer, for as long as it takes.
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
