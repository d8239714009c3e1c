import { Worker } from 'node:worker_threads';
import type { FromWorker, ImportOrder, ToWorker } from './import-messages.ts';

export type ImportOutcome =
  | { readonly kind: 'completed' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly line: number; readonly reason: string };

/** An import that runs in a thread of its own. */
export interface RunningImport {
  /** Hands a part of the file over, once there is room. Answers whether more is wanted. */
  write(chunk: Uint8Array): Promise<boolean>;
  /** Says that this was all. */
  end(): void;
  /** Stops the import where it is. The first reason that it ends for is the one that holds. */
  stop(outcome: ImportOutcome): void;
  /** Never rejects. */
  readonly outcome: Promise<ImportOutcome>;
}

export interface StartImportOptions extends ImportOrder {
  readonly onProgress: (progress: { readonly bytes: number; readonly rows: number }) => void;
}

/** What may be between the two threads. With chunks of 64 KiB this is half a megabyte, whatever the size of the file. */
export const maxChunksOnTheWay = 8;
/** The worker's own heap: a leak there must not become the API's. */
const heapMb = 96;

export function startImport({ path, onProgress }: StartImportOptions): RunningImport {
  const workerData: ImportOrder = { path };
  const worker = new Worker(new URL('./import-worker.ts', import.meta.url), {
    workerData,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
  });
  const { promise: outcome, resolve } = Promise.withResolvers<ImportOutcome>();
  let chunksOnTheWay = 0;
  let isOver = false;
  let wake: (() => void) | undefined;
  let rows = 0;
  let bytes = 0;

  function settle(how: ImportOutcome): void {
    isOver = true;
    wake?.();
    resolve(how);
  }

  worker.on('message', (message: FromWorker) => {
    ({ rows } = message);
    if (message.kind === 'taken') {
      chunksOnTheWay -= 1;
      bytes += message.bytes;
      wake?.();
    }
    if (isOver) return;
    onProgress({ bytes, rows });
    if (message.kind === 'completed') settle({ kind: 'completed' });
    if (message.kind === 'failed') settle({ kind: 'failed', line: message.line, reason: message.reason });
  });
  worker.on('error', (error: Error) =>
    settle({ kind: 'failed', line: rows + 1, reason: `the import broke off: ${error.message}` }),
  );
  worker.on('exit', () => settle({ kind: 'failed', line: rows + 1, reason: 'the import broke off.' }));
  const send = (message: ToWorker, transfer: ArrayBuffer[] = []): void => worker.postMessage(message, transfer);

  return {
    outcome,
    async write(chunk) {
      while (chunksOnTheWay >= maxChunksOnTheWay && !isOver) {
        const { promise, resolve: resume } = Promise.withResolvers<undefined>();
        wake = () => resume(undefined);
        await promise;
      }
      if (isOver) return false;
      // A copy, to give away: Node cuts small chunks out of one buffer.
      const copy = new Uint8Array(chunk);
      chunksOnTheWay += 1;
      send({ kind: 'chunk', bytes: copy }, [copy.buffer]);
      return true;
    },
    end() {
      if (!isOver) send({ kind: 'end' });
    },
    stop(how) {
      settle(how);
      // Nobody waits for it: its file is removed once the thread has let go of it.
      void worker.terminate();
    },
  };
}
