import { open } from 'node:fs/promises';

/** A file that is read while it is written. */
export interface GrowingFile {
  /** Sets how many bytes are available. */
  grow(bytes: number, extent: 'part' | 'whole'): void;
  /** Reads from a position to the end, and waits for bytes that are not available yet. */
  read(fromByte: number): AsyncGenerator<Uint8Array, void>;
}

const chunkBytes = 64 * 2 ** 10;

export function createGrowingFile(path: string): GrowingFile {
  let there = 0;
  let isWhole = false;
  let changed = Promise.withResolvers<undefined>();

  return {
    grow(bytes, extent) {
      there = bytes;
      isWhole = extent === 'whole';
      changed.resolve(undefined);
      changed = Promise.withResolvers();
    },
    async *read(fromByte) {
      let position = fromByte;
      while (position >= there) {
        if (isWhole) return;
        await changed.promise;
      }
      const file = await open(path);
      try {
        for (;;) {
          while (position < there) {
            const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, there - position));
            const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, position);
            if (bytesRead === 0) throw new Error('the file is shorter than it was.');
            position += bytesRead;
            yield buffer.subarray(0, bytesRead);
          }
          if (isWhole) return;
          await changed.promise;
        }
      } finally {
        await file.close();
      }
    },
  };
}
