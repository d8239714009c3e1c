import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatEventId, type StreamSnapshot } from '@sillage/server';
import type { NewTask, Person, TaskInfo, TaskProgress } from 'demo-contract';
import type { DemoContext } from '../demo-context.ts';
import { sillage } from '../notifications/notify.ts';
import { createProgressMeter } from './progress-meter.ts';
import { startImport, type ImportOutcome, type RunningImport } from './start-import.ts';

interface KeptTask extends TaskInfo {
  readonly owner: Person;
}

/** A task that is under way. */
interface Work {
  task: KeptTask;
  /** There once the file comes. */
  running?: RunningImport;
  /** There once the end is being told. */
  ending?: Promise<void>;
  stopTimers: () => void;
}

export interface Tasks {
  /** Registers a task, and answers it; or `undefined` where the person, or the API, has enough to do. */
  register(owner: Person, task: NewTask): Promise<TaskInfo | undefined>;
  /** Begins the import, for which the file is then written. `undefined` where there is none to begin. */
  begin(taskId: string, sizeBytes: number | null): RunningImport | undefined;
  /** The task, if there is one of this person's. */
  find(taskId: string, personId: string): TaskInfo | undefined;
  of(personId: string): TaskInfo[];
  /** Answers whether it was under way. Resolves once its end was told. */
  cancel(taskId: string): Promise<boolean>;
  /** Resolves once the task has come to its end, and that was told. */
  ended(taskId: string): Promise<void>;
  snapshot(taskId: string): Promise<StreamSnapshot>;
}

const publishEveryMs = 100;
const uploadTimeoutMs = 60_000;
const maxRunning = 4;
const maxRunningOfPerson = 2;
/** How many imports stay on the disk. */
const maxKeptImports = 20;

export function taskTopic(taskId: string): string {
  return `tasks/${taskId}`;
}

/** The imports: at most some at a time, each told to its owner as it goes, and to nobody else. */
export async function createTasks(context: DemoContext): Promise<Tasks> {
  const { hub, stores, notify, audit, logging, onClose } = context;
  const kept = stores.state.table<KeptTask>('task', 200);
  const working = new Map<string, Work>();
  const fileOf = (taskId: string): string => join(stores.importsFolder, `${taskId}.sqlite`);
  const removeFile = (taskId: string): Promise<void> => rm(fileOf(taskId), { force: true });

  async function publish(task: KeptTask): Promise<void> {
    const { owner: _owner, name: _name, startedAt: _startedAt, ...data } = task;
    await hub.publish(taskTopic(task.taskId), { data: data satisfies TaskProgress });
  }

  /** Tells the end before it is kept: what dies in between is told as failed at the next start, rather than never. */
  async function tellEnd(task: KeptTask): Promise<void> {
    await publish(task);
    kept.set(task.taskId, task);
    audit(task.owner, `had an import end: ${task.status}`, { task: task.taskId, rows: task.rows });
    if (task.status === 'completed') await removeOldImports();
    else await removeFile(task.taskId);
    if (task.status === 'cancelled') return;
    const title = task.status === 'completed' ? 'Your import is done' : 'Your import has failed';
    await notify(task.owner.id, { from: sillage, title, message: `${task.name}: ${task.message}` });
  }

  async function removeOldImports(): Promise<void> {
    const done = kept.values().filter(({ status }) => status === 'completed');
    await Promise.all(done.slice(0, -maxKeptImports).map(({ taskId }) => removeFile(taskId)));
  }

  function finish(work: Work, outcome: ImportOutcome): Promise<void> {
    work.ending ??= (async () => {
      work.stopTimers();
      work.task = describeEnd(work.task, outcome, Date.now());
      try {
        await tellEnd(work.task);
      } catch (error) {
        logging.app.error({ err: error, task: work.task.taskId }, 'the end of a task could not be told');
        kept.set(work.task.taskId, work.task);
      }
      working.delete(work.task.taskId);
    })();
    return work.ending;
  }

  function createWork(task: KeptTask): Work {
    const timer = setTimeout(() => {
      void finish(work, { kind: 'failed', line: 0, reason: 'no file came.' });
    }, uploadTimeoutMs);
    const work: Work = { task, stopTimers: () => clearTimeout(timer) };
    return work;
  }

  function follow(work: Work, sizeBytes: number | null): RunningImport {
    const { taskId } = work.task;
    const meter = createProgressMeter(Date.now(), sizeBytes);
    let timer: NodeJS.Timeout | undefined;
    const tell = (): void => {
      timer = undefined;
      const read = meter.read();
      work.task = { ...work.task, ...read, message: `${read.rows} rows imported` };
      kept.set(taskId, work.task);
      publish(work.task).catch((error: unknown) => logging.app.warn({ err: error }, 'progress could not be told'));
    };
    work.stopTimers();
    work.stopTimers = () => clearTimeout(timer);
    const running = startImport({
      path: fileOf(taskId),
      onProgress(progress) {
        meter.add(Date.now(), progress);
        work.task = { ...work.task, rows: progress.rows };
        if (work.ending === undefined) timer ??= setTimeout(tell, publishEveryMs);
      },
    });
    work.running = running;
    void running.outcome.then((outcome) => finish(work, outcome));
    return running;
  }

  // What was under way when the API stopped cannot go on: the file is not here. Whoever follows it is told so.
  for (const task of kept.values()) {
    if (task.status !== 'running') continue;
    const reason = 'it was interrupted by a restart of the API: import the file again.';
    await tellEnd(describeEnd(task, { kind: 'failed', line: task.rows + 1, reason }, Date.now()));
  }
  onClose(async () => {
    // Not told as cancelled: nobody did that. The next start tells what became of them.
    for (const work of working.values()) {
      work.stopTimers();
      work.ending ??= Promise.resolve();
      work.running?.stop({ kind: 'cancelled' });
    }
    for (const { ending } of working.values()) await ending;
  });

  return {
    async register(owner, { name }) {
      const running = [...working.values()];
      const ofOwner = running.filter(({ task }) => task.owner.id === owner.id);
      if (running.length >= maxRunning || ofOwner.length >= maxRunningOfPerson) return undefined;
      const task: KeptTask = {
        ...{ taskId: randomUUID(), owner, name, status: 'running', percentage: 0, rows: 0, rowsPerSecond: 0 },
        ...{ secondsLeft: null, failure: null, message: 'Waiting for the file', startedAt: new Date().toISOString() },
      };
      working.set(task.taskId, createWork(task));
      kept.set(task.taskId, task);
      audit(owner, 'started an import', { task: task.taskId, file: name });
      await publish(task);
      return withoutOwner(task);
    },
    begin(taskId, sizeBytes) {
      const work = working.get(taskId);
      if (work?.ending !== undefined || work?.running !== undefined) return undefined;
      return work && follow(work, sizeBytes);
    },
    find(taskId, personId) {
      const task = working.get(taskId)?.task ?? kept.get(taskId);
      return task?.owner.id === personId ? withoutOwner(task) : undefined;
    },
    of: (personId) =>
      kept
        .values()
        .filter(({ owner }) => owner.id === personId)
        .map((task) => withoutOwner(working.get(task.taskId)?.task ?? task))
        .sort((one, other) => other.startedAt.localeCompare(one.startedAt)),
    async cancel(taskId) {
      const work = working.get(taskId);
      if (work === undefined || work.ending !== undefined) return false;
      work.running?.stop({ kind: 'cancelled' });
      await finish(work, { kind: 'cancelled' });
      return true;
    },
    async ended(taskId) {
      const work = working.get(taskId);
      await work?.running?.outcome;
      await work?.ending;
    },
    async snapshot(taskId) {
      // A state that is the last one is taken once it was told (StreamSnapshot.after).
      await working.get(taskId)?.ending;
      const after = formatEventId(hub.position);
      const task = working.get(taskId)?.task ?? kept.get(taskId);
      if (task === undefined) throw new Error('The task was forgotten while its stream opened.');
      const { owner: _owner, name: _name, startedAt: _startedAt, ...data } = task;
      return { after, event: { data: data satisfies TaskProgress } };
    },
  };
}

function withoutOwner({ owner: _owner, ...info }: KeptTask): TaskInfo {
  return info;
}

function describeEnd(task: KeptTask, outcome: ImportOutcome, nowMs: number): KeptTask {
  const seconds = Math.max(0.001, (nowMs - Date.parse(task.startedAt)) / 1_000);
  const end = { ...task, status: outcome.kind, secondsLeft: null, rowsPerSecond: Math.round(task.rows / seconds) };
  if (outcome.kind === 'completed') {
    return { ...end, percentage: 100, secondsLeft: 0, message: `${task.rows} rows imported` };
  }
  if (outcome.kind === 'cancelled') return { ...end, message: `Cancelled after ${task.rows} rows` };
  const { line, reason } = outcome;
  return { ...end, failure: { line, reason }, message: line === 0 ? reason : `Line ${line}: ${reason}` };
}
