import { Worker } from 'node:worker_threads';
import type { TaskFailure } from 'demo-contract';
import { describeFailure } from './describe-failure.ts';
import type { FromWorker, ImportOrder, ToWorker } from './import-messages.ts';

type ImportOutcome =
  | { readonly kind: 'completed'; readonly rows: number }
  | { readonly kind: 'failed'; readonly rows: number; readonly failure: TaskFailure }
  /** It was stopped, and can be resumed. */
  | { readonly kind: 'stopped' };

/** An import in a separate thread. */
export interface RunningImport {
  /** Sets how many bytes of the file are available. */
  grow(bytes: number, extent: 'part' | 'whole'): void;
  /** Stops it. Resolves once its database is closed. */
  stop(): Promise<void>;
  /** Never rejects. */
  readonly outcome: Promise<ImportOutcome>;
}

export interface StartImportOptions extends ImportOrder {
  /** Called first with the start position, then with the progress. */
  readonly onProgress: (progress: { readonly bytes: number; readonly rows: number }) => void;
}

/** The limit of the worker's heap: a leak there must not use up the memory of the API. */
const heapMb = 96;

/** Imports a file, and continues after the checkpoint of its database. */
export function startImport({ filePath, databasePath, onProgress }: StartImportOptions): RunningImport {
  const workerData: ImportOrder = { filePath, databasePath };
  const worker = new Worker(new URL('./import-worker.ts', import.meta.url), {
    workerData,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
  });
  const { promise: outcome, resolve } = Promise.withResolvers<ImportOutcome>();
  let rows = 0;
  let state: 'running' | 'over' = 'running';

  function settle(how: ImportOutcome): void {
    state = 'over';
    resolve(how);
  }
  const breakOff = (detail: string): void => {
    settle({ kind: 'failed', rows, failure: describeFailure({ code: 'broken-off', detail }, rows + 1) });
  };

  worker.on('message', (message: FromWorker) => {
    if (state === 'over') return;
    ({ rows } = message);
    if (message.kind === 'progress') onProgress({ bytes: message.bytes, rows });
    else settle(message);
  });
  worker.on('error', (error: Error) => breakOff(error.message));
  worker.on('exit', () => breakOff('its thread has ended.'));

  return {
    outcome,
    grow(bytes, extent) {
      if (state === 'running') worker.postMessage({ bytes, extent } satisfies ToWorker);
    },
    async stop() {
      settle({ kind: 'stopped' });
      await worker.terminate();
    },
  };
}
