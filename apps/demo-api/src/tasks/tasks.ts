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
  /** Registers a task; `undefined` if the user, or the API, has too many under way. */
  register(owner: Person, task: NewTask): Promise<TaskInfo | undefined>;
  /** Receives the task's file; `undefined` once the task has ended. */
  uploadOf(taskId: string): TaskUpload | undefined;
  /** The task; `undefined` if the user has none with that ID. */
  find(taskId: string, personId: string): TaskInfo | undefined;
  of(personId: string): TaskInfo[];
  /** Resolves once the end was published. @returns whether it was under way. */
  cancel(taskId: string): Promise<boolean>;
  /** Resolves with the task once its end was published, or once the API stops. */
  ended(taskId: string): Promise<TaskInfo | undefined>;
  snapshot(taskId: string): Promise<StreamSnapshot>;
}

const maxRunning = 4;
const maxRunningOfPerson = 2;
/** How many tasks of one user are listed, and how many of the user's imported databases stay on the disk. */
const maxKeptTasks = 50;
const maxKeptImports = 10;
/** How many ended tasks wait in memory for a disk that can store them. */
const maxUnsaved = 100;

export function taskTopic(taskId: string): string {
  return `tasks/${taskId}`;
}

/** The imports: a limited number at a time. Only the owner of an import sees its progress. */
export async function createTasks(context: DemoContext): Promise<Tasks> {
  const { config, hub, stores, disk, notify, audit, logging, onClose } = context;
  const kept = stores.state.table<KeptTask>(`task${config.NODE_NAME}`, { perOwner: maxKeptTasks, past: 'forget-own' });
  /** Ended tasks that a full disk could not store yet. */
  const unsaved = new Map<string, KeptTask>();
  const working = new Map<string, TaskWork>();
  const databaseOf = (taskId: string): string => join(stores.importsFolder, `${taskId}.sqlite`);
  const spoolOf = (taskId: string): string => join(stores.uploadsFolder, `${taskId}.csv`);

  async function removeDatabase(taskId: string): Promise<void> {
    // Also the journal that a kill leaves behind: without its database, SQLite would apply it to another one.
    for (const suffix of ['', '-journal']) await rm(`${databaseOf(taskId)}${suffix}`, { force: true });
  }

  async function publish(task: KeptTask): Promise<void> {
    await hub.publish(taskTopic(task.taskId), { data: toProgress(task) });
  }

  /** Stores a task. Never throws: it runs in timers, and a full disk must not end the process. */
  function save(task: KeptTask): void {
    try {
      kept.set(task.taskId, task, task.owner.id);
      unsaved.delete(task.taskId);
      for (const other of unsaved.values()) {
        kept.set(other.taskId, other, other.owner.id);
        unsaved.delete(other.taskId);
      }
    } catch (error) {
      logging.app.error({ err: error, task: task.taskId }, 'a task could not be stored');
      if (task.status !== 'running' && unsaved.size < maxUnsaved) unsaved.set(task.taskId, task);
    }
  }

  /** Publishes the end before it is stored: after a crash in between, the end is published twice rather than never. */
  async function publishEnd(task: KeptTask): Promise<void> {
    // First: on a full disk, this makes room for the rest.
    if (task.status !== 'completed') await removeDatabase(task.taskId);
    try {
      await publish(task);
      await notifyOwner(task);
    } catch (error) {
      logging.app.error({ err: error, task: task.taskId }, 'the end of a task could not be published');
    }
    save(task);
    audit(task.owner, `had an import end: ${task.status}`, { task: task.taskId, rows: task.rows });
    if (task.status === 'completed') await removeOldImports(task.owner.id);
  }

  async function notifyOwner(task: KeptTask): Promise<void> {
    const { name, status, rows, failure } = task;
    if (status !== 'completed' && status !== 'failed') return;
    const title = status === 'completed' ? 'Your import is done' : 'Your import has failed';
    const about: ImportEnded = { kind: 'import-ended', name, status, rows, failure };
    await notify(task.owner.id, { from: sillage, title, message: `${name}: ${task.message}`, about });
  }

  async function removeOldImports(ownerId: string): Promise<void> {
    const done = kept.valuesOf(ownerId).filter(({ status }) => status === 'completed');
    await Promise.all(done.slice(0, -maxKeptImports).map(({ taskId }) => removeDatabase(taskId)));
  }

  async function finish(task: KeptTask, end: TaskEnd): Promise<void> {
    await publishEnd(endTask(task, end, Date.now()));
    working.delete(task.taskId);
  }

  function work(task: KeptTask): TaskWork {
    const { taskId } = task;
    const begun = createTaskWork({
      task,
      databasePath: databaseOf(taskId),
      spoolPath: spoolOf(taskId),
      silenceMs: config.UPLOAD_SILENCE_MS,
      isDiskFull: () => disk.isFull(),
      onChange(changed) {
        save(changed);
        publish(changed).catch((error: unknown) => logging.app.warn({ err: error }, 'progress could not be published'));
      },
      onEnd: finish,
    });
    working.set(taskId, begun);
    return begun;
  }

  // Tasks that were under way when the API stopped are resumed. Files without a task were left behind by a kill.
  for (const task of kept.values()) if (task.status === 'running') work(task).resume();
  for (const file of await readdir(stores.uploadsFolder)) {
    if (!working.has(file.replace(/\.csv$/, ''))) await rm(join(stores.uploadsFolder, file));
  }
  for (const file of await readdir(stores.importsFolder)) {
    if (kept.get(file.replace(/\.sqlite(-journal)?$/, '')) === undefined) await rm(join(stores.importsFolder, file));
  }
  onClose(() => Promise.all(Array.from(working.values(), (running) => running.stop())).then(() => undefined));

  const taskOf = (taskId: string): KeptTask | undefined =>
    working.get(taskId)?.task ?? unsaved.get(taskId) ?? kept.get(taskId);

  return {
    async register(owner, wanted) {
      const running = [...working.values()];
      const ofOwner = running.filter(({ task }) => task.owner.id === owner.id);
      if (running.length >= maxRunning || ofOwner.length >= maxRunningOfPerson) return undefined;
      const task = createTask(owner, wanted, new Date());
      // Stored first: a task that cannot be stored is refused.
      kept.set(task.taskId, task, owner.id);
      const begun = work(task);
      audit(owner, 'started an import', { task: task.taskId, file: task.name });
      await publish(task);
      // An empty file is complete already.
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
        .valuesOf(personId)
        .map((task) => toInfo(taskOf(task.taskId) ?? task))
        .sort((one, other) => other.startedAt.localeCompare(one.startedAt)),
    cancel: async (taskId) => (await working.get(taskId)?.cancel()) ?? false,
    async ended(taskId) {
      await working.get(taskId)?.ended;
      const task = taskOf(taskId);
      return task && toInfo(task);
    },
    async snapshot(taskId) {
      // The last state is read once it was published (StreamSnapshot.after).
      await working.get(taskId)?.ending;
      const after = formatEventId(hub.position);
      const task = taskOf(taskId);
      if (task === undefined) throw new Error('The task was forgotten while its stream opened.');
      return { after, event: { data: toProgress(task) } };
    },
  };
}
