import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatEventId, type StreamSnapshot } from '@sillage/server';
import type { ImportEnded, NewTask, Person, TaskInfo } from 'demo-contract';
import type { DemoContext } from '../demo-context.ts';
import { sillage } from '../notifications/notify.ts';
import { createTask, endTask, type KeptTask, type TaskEnd, toInfo, toProgress } from './kept-task.ts';
import type { TaskUpload } from './upload/index.ts';
import { createTaskWork, type TaskWork } from './task-work.ts';

export interface Tasks {
  /** Registers a task, and answers it; or `undefined` where the person, or the API, has enough to do. */
  register(owner: Person, task: NewTask): Promise<TaskInfo | undefined>;
  /** The way of the task's file, as long as the task is under way. */
  uploadOf(taskId: string): TaskUpload | undefined;
  /** The task, if there is one of this person's. */
  find(taskId: string, personId: string): TaskInfo | undefined;
  of(personId: string): TaskInfo[];
  /** Answers whether it was under way. Resolves once its end was told. */
  cancel(taskId: string): Promise<boolean>;
  /** Resolves with the task once it has come to its end, and that was told; or once the API stops. */
  ended(taskId: string): Promise<TaskInfo | undefined>;
  snapshot(taskId: string): Promise<StreamSnapshot>;
}

const maxRunning = 4;
const maxRunningOfPerson = 2;
/** How many imports stay on the disk. */
const maxKeptImports = 20;

export function taskTopic(taskId: string): string {
  return `tasks/${taskId}`;
}

/** The imports: at most some at a time, each told to its owner as it goes, and to nobody else. */
export async function createTasks(context: DemoContext): Promise<Tasks> {
  const { config, hub, stores, notify, audit, logging, onClose } = context;
  const kept = stores.state.table<KeptTask>('task', 200);
  const working = new Map<string, TaskWork>();
  const databaseOf = (taskId: string): string => join(stores.importsFolder, `${taskId}.sqlite`);
  const spoolOf = (taskId: string): string => join(stores.uploadsFolder, `${taskId}.csv`);

  async function removeDatabase(taskId: string): Promise<void> {
    // The journal of one that was killed: without its database, it would be taken for that of another.
    for (const suffix of ['', '-journal']) await rm(`${databaseOf(taskId)}${suffix}`, { force: true });
  }

  async function publish(task: KeptTask): Promise<void> {
    await hub.publish(taskTopic(task.taskId), { data: toProgress(task) });
  }

  /** Tells the end before it is kept: what dies in between comes to its end again at the next start, and is told twice rather than never. */
  async function tellEnd(task: KeptTask): Promise<void> {
    await publish(task);
    await notifyOwner(task);
    kept.set(task.taskId, task);
    audit(task.owner, `had an import end: ${task.status}`, { task: task.taskId, rows: task.rows });
    if (task.status === 'completed') await removeOldImports();
    else await removeDatabase(task.taskId);
  }

  async function notifyOwner(task: KeptTask): Promise<void> {
    const { name, status, rows, failure } = task;
    if (status !== 'completed' && status !== 'failed') return;
    const title = status === 'completed' ? 'Your import is done' : 'Your import has failed';
    const about: ImportEnded = { kind: 'import-ended', name, status, rows, failure };
    await notify(task.owner.id, { from: sillage, title, message: `${name}: ${task.message}`, about });
  }

  async function removeOldImports(): Promise<void> {
    const done = kept.values().filter(({ status }) => status === 'completed');
    await Promise.all(done.slice(0, -maxKeptImports).map(({ taskId }) => removeDatabase(taskId)));
  }

  async function finish(task: KeptTask, end: TaskEnd): Promise<void> {
    const ended = endTask(task, end, Date.now());
    try {
      await tellEnd(ended);
    } catch (error) {
      logging.app.error({ err: error, task: task.taskId }, 'the end of a task could not be told');
      kept.set(task.taskId, ended);
    }
    working.delete(task.taskId);
  }

  function work(task: KeptTask): TaskWork {
    const { taskId } = task;
    const begun = createTaskWork({
      task,
      databasePath: databaseOf(taskId),
      spoolPath: spoolOf(taskId),
      silenceMs: config.UPLOAD_SILENCE_MS,
      onChange(changed) {
        kept.set(taskId, changed);
        publish(changed).catch((error: unknown) => logging.app.warn({ err: error }, 'progress could not be told'));
      },
      onEnd: finish,
    });
    working.set(taskId, begun);
    return begun;
  }

  // What was under way when the API stopped goes on. Files of tasks that are over were left by a kill.
  for (const task of kept.values()) if (task.status === 'running') work(task).resume();
  for (const file of await readdir(stores.uploadsFolder)) {
    if (!working.has(file.replace(/\.csv$/, ''))) await rm(join(stores.uploadsFolder, file));
  }
  onClose(() => Promise.all(Array.from(working.values(), (running) => running.stop())).then(() => undefined));

  const taskOf = (taskId: string): KeptTask | undefined => working.get(taskId)?.task ?? kept.get(taskId);

  return {
    async register(owner, wanted) {
      const running = [...working.values()];
      const ofOwner = running.filter(({ task }) => task.owner.id === owner.id);
      if (running.length >= maxRunning || ofOwner.length >= maxRunningOfPerson) return undefined;
      const task = createTask(owner, wanted, new Date());
      const begun = work(task);
      kept.set(task.taskId, task);
      audit(owner, 'started an import', { task: task.taskId, file: task.name });
      await publish(task);
      // A file that is empty is all there.
      begun.resume();
      return toInfo(task);
    },
    uploadOf: (taskId) => working.get(taskId)?.upload,
    find(taskId, personId) {
      const task = taskOf(taskId);
      return task?.owner.id === personId ? toInfo(task) : undefined;
    },
    of: (personId) =>
      kept
        .values()
        .filter(({ owner }) => owner.id === personId)
        .map((task) => toInfo(working.get(task.taskId)?.task ?? task))
        .sort((one, other) => other.startedAt.localeCompare(one.startedAt)),
    cancel: async (taskId) => (await working.get(taskId)?.cancel()) ?? false,
    async ended(taskId) {
      await working.get(taskId)?.ended;
      const task = taskOf(taskId);
      return task && toInfo(task);
    },
    async snapshot(taskId) {
      // A state that is the last one is taken once it was told (StreamSnapshot.after).
      await working.get(taskId)?.ending;
      const after = formatEventId(hub.position);
      const task = taskOf(taskId);
      if (task === undefined) throw new Error('The task was forgotten while its stream opened.');
      return { after, event: { data: toProgress(task) } };
    },
  };
}
