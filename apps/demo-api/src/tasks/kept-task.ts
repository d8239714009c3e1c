import { randomUUID } from 'node:crypto';
import type { NewTask, Person, TaskFailure, TaskInfo, TaskProgress } from 'demo-contract';

/** A task as it is stored. */
export interface KeptTask extends TaskInfo {
  readonly owner: Person;
  /** How its file is sent: in parts that can be resumed, or in one request that cannot. */
  readonly sending: 'in-parts' | 'at-once';
}

/** How a task ended. */
export type TaskEnd =
  | { readonly kind: 'completed'; readonly rows: number }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly rows: number; readonly failure: TaskFailure };

export function createTask(owner: Person, { name, sizeBytes, lastModified }: NewTask, now: Date): KeptTask {
  return {
    ...{ taskId: randomUUID(), owner, name, sizeBytes: sizeBytes ?? null, lastModified: lastModified ?? null },
    ...{ status: 'running', percentage: 0, rows: 0, rowsPerSecond: 0, secondsLeft: null, failure: null },
    ...{ message: 'Waiting for the file', upload: 'waiting', sending: 'in-parts', startedAt: now.toISOString() },
  };
}

/** The part that the owner may see. */
export function toInfo({ owner: _owner, sending: _sending, ...info }: KeptTask): TaskInfo {
  return info;
}

/** The part that changes, and is streamed. */
export function toProgress(task: KeptTask): TaskProgress {
  const { name: _name, startedAt: _at, sizeBytes: _size, lastModified: _modified, ...progress } = toInfo(task);
  return progress;
}

export function endTask(task: KeptTask, end: TaskEnd, nowMs: number): KeptTask {
  const rows = end.kind === 'cancelled' ? task.rows : end.rows;
  const seconds = Math.max(0.001, (nowMs - Date.parse(task.startedAt)) / 1_000);
  const ended = { ...task, rows, status: end.kind, secondsLeft: null, rowsPerSecond: Math.round(rows / seconds) };
  if (end.kind === 'completed') {
    return { ...ended, percentage: 100, secondsLeft: 0, upload: 'complete', message: `${rows} rows imported` };
  }
  if (end.kind === 'cancelled') return { ...ended, message: `Cancelled after ${rows} rows` };
  const { failure } = end;
  const { line, reason } = failure;
  return { ...ended, failure, message: line === 0 ? reason : `Line ${line}: ${reason}` };
}
