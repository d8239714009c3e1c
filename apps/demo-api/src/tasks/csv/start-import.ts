import { Worker } from 'node:worker_threads';
import type { TaskFailure } from 'demo-contract';
import { describeFailure } from './describe-failure.ts';
import type { FromWorker, ImportOrder, ToWorker } from './import-messages.ts';

type ImportOutcome =
  | { readonly kind: 'completed'; readonly rows: number }
  | { readonly kind: 'failed'; readonly rows: number; readonly failure: TaskFailure }
  /** It was made to stop, and can go on from where it was. */
  | { readonly kind: 'stopped' };

/** An import that runs in a thread of its own. */
export interface RunningImport {
  /** Says how much of the file is there to be read. */
  grow(bytes: number, extent: 'part' | 'whole'): void;
  /** Stops it where it is. Resolves once nothing holds its database any more. */
  stop(): Promise<void>;
  /** Never rejects. */
  readonly outcome: Promise<ImportOutcome>;
}

export interface StartImportOptions extends ImportOrder {
  /** First where it begins, then how far it is. */
  readonly onProgress: (progress: { readonly bytes: number; readonly rows: number }) => void;
}

/** The worker's own heap: a leak there must not become the API's. */
const heapMb = 96;

/** Imports a file, from where its database says that it was left. */
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
