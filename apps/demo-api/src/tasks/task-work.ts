import type { Request } from 'express';
import { describeFailure, type RunningImport, startImport } from './csv/index.ts';
import type { KeptTask, TaskEnd } from './kept-task.ts';
import { createProgressMeter, type ProgressMeter } from './progress-meter.ts';
import { openUploadSpool, type Reception } from './upload/index.ts';
import type { TaskUpload } from './upload/index.ts';

/** A task that has not ended. */
export interface TaskWork {
  readonly task: KeptTask;
  readonly upload: TaskUpload;
  /** Defined once the end is being published. */
  readonly ending: Promise<void> | undefined;
  /** Resolves once the end was published, or the work was stopped. */
  readonly ended: Promise<void>;
  /** Continues with the part of the file that has arrived. */
  resume(): void;
  /** Resolves once the end was published. @returns whether there was anything to cancel. */
  cancel(): Promise<boolean>;
  /** Stops without an end: the next process resumes the task. */
  stop(): Promise<void>;
}

export interface TaskWorkOptions {
  readonly task: KeptTask;
  readonly databasePath: string;
  readonly spoolPath: string;
  /** How long to wait for more of the file. */

  readonly silenceMs: number;
  /** Whether less is free on the disk than the reserve. */
  readonly isDiskFull: () => boolean;
  /** Called now and then with the progress. */
  readonly onChange: (task: KeptTask) => void;
  /** Publishes the end. Called once, and awaited. */
  readonly onEnd: (task: KeptTask, end: TaskEnd) => Promise<void>;
}

const tellEveryMs = 100;

/** Receives a task's file and imports it meanwhile, each at its own pace: the file on the disk is between them. */
export function createTaskWork(options: TaskWorkOptions): TaskWork {
  const { databasePath, spoolPath, silenceMs, isDiskFull, onChange, onEnd } = options;
  let task = options.task;
  let running: RunningImport | undefined;
  let meter: ProgressMeter | undefined;
  let takenBytes = 0;
  let heardBytes = 0;
  let telling: NodeJS.Timeout | undefined;
  let ending: Promise<void> | undefined;
  const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<undefined>();
  const spool = openUploadSpool({ path: spoolPath, isDiskFull, onChange: go });
  const silence = setTimeout(() => {
    void finish(failed({ code: 'upload-silent', seconds: Math.ceil(silenceMs / 1_000) }));
  }, silenceMs);

  const isWhole = (): boolean => spool.bytes === task.sizeBytes;
  // The connections of an earlier process ended with it.
  task = { ...task, upload: isWhole() ? 'complete' : 'waiting' };
  const failed = (cause: Parameters<typeof describeFailure>[0]): TaskEnd => ({
    ...{ kind: 'failed', rows: task.rows, failure: describeFailure(cause, 0) },
  });

  /** Passes on to the import what has arrived. */
  function go(): void {
    if (ending !== undefined) return;
    if (isWhole()) clearTimeout(silence);
    else if (spool.bytes !== heardBytes) silence.refresh();
    heardBytes = spool.bytes;
    running ??= begin();
    running.grow(spool.bytes, isWhole() ? 'whole' : 'part');
    tellSoon();
  }

  function begin(): RunningImport {
    const begun = startImport({
      filePath: spoolPath,
      databasePath,
      onProgress({ bytes, rows }) {
        takenBytes = bytes;
        meter ??= createProgressMeter({ atMs: Date.now(), bytes, rows }, task.sizeBytes);
        meter.add(Date.now(), { bytes, rows });
        tellSoon();
      },
    });
    void begun.outcome.then((outcome) => (outcome.kind === 'stopped' ? undefined : finish(outcome)));
    return begun;
  }

  function tellSoon(): void {
    if (ending === undefined) telling ??= setTimeout(tell, tellEveryMs);
  }

  function tell(): void {
    telling = undefined;
    const upload = isWhole() ? 'complete' : spool.state;
    const isIdle = upload === 'waiting' && takenBytes >= spool.bytes;
    const read = { rows: 0, percentage: 0, rowsPerSecond: 0, secondsLeft: null, ...meter?.read() };
    // Progress never goes back: a resumed import reads the rows again that were not committed.
    const rows = Math.max(task.rows, read.rows);
    const percentage = Math.max(task.percentage, read.percentage);
    const message = isIdle ? 'Waiting for the rest of the file' : `${rows} rows imported`;
    task = { ...task, ...read, rows, percentage, upload, message };
    if (isIdle) task = { ...task, rowsPerSecond: 0, secondsLeft: null };
    onChange(task);
  }

  function stopTimers(): void {
    clearTimeout(silence);
    clearTimeout(telling);
  }

  /** Only the first end counts. */
  function finish(end: TaskEnd): Promise<void> {
    ending ??= (async () => {
      stopTimers();
      spool.close();
      await running?.stop();
      // First, where the disk may be full: the end could not be stored otherwise.
      const isDiskTrouble = end.kind === 'failed' && end.failure.code === 'not-stored';
      if (isDiskTrouble) await spool.remove();
      await onEnd(task, end);
      await spool.remove();
      resolveEnded(undefined);
    })();
    return ending;
  }

  async function receive(request: Request, offset: number, maxBytes: number): Promise<Reception> {
    let detail = 'the disk is full.';
    try {
      const reception = await spool.receive(request, { offset, maxBytes });
      if (reception !== 'disk-full') return reception;
    } catch (error) {
      detail = error instanceof Error ? error.message : String(error);
    }
    await finish(failed({ code: 'not-stored', detail }));
    return 'disk-full';
  }

  return {
    get task() {
      return task;
    },
    get ending() {
      return ending;
    },
    ended,
    upload: {
      get bytes() {
        return spool.bytes;
      },
      get sizeBytes() {
        return task.sizeBytes;
      },
      interrupt: () => spool.interrupt(),
      receivePart: (request, offset) => receive(request, offset, task.sizeBytes ?? 0),
      async receiveAtOnce(request, sizeBytes) {
        if (spool.bytes > 0 || spool.state === 'receiving') return 'wrong-offset';
        task = { ...task, sending: 'at-once', sizeBytes };
        onChange(task);
        const reception = await receive(request, 0, sizeBytes ?? Infinity);
        if (reception === 'lost') await finish(failed({ code: 'upload-broken' }));
        if (reception !== 'taken') return reception;
        task = { ...task, sizeBytes: spool.bytes };
        go();
        return 'taken';
      },
    },
    resume() {
      if (task.sending !== 'in-parts' && !isWhole()) void finish(failed({ code: 'upload-broken' }));
      else if (spool.bytes > 0 || isWhole()) go();
    },
    async cancel() {
      if (ending !== undefined) return false;
      await finish({ kind: 'cancelled' });
      return true;
    },
    async stop() {
      ending ??= Promise.resolve();
      stopTimers();
      await spool.interrupt();
      await running?.stop();
      await ending;
      resolveEnded(undefined);
    },
  };
}
