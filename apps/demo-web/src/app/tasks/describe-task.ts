import type { TaskProgress } from 'demo-contract';
import { describeDuration } from '@app/describe-duration';
import { describeFailure } from './describe-failure';

/** What an import's state is called. */
export function describeStatus(status: TaskProgress['status']): string {
  switch (status) {
    case 'running':
      return $localize`:@@tasks.running:Running`;
    case 'completed':
      return $localize`:@@tasks.completed:Completed`;
    case 'failed':
      return $localize`:@@tasks.failed:Failed`;
    case 'cancelled':
      return $localize`:@@tasks.cancelled:Cancelled`;
  }
}

/** How an import goes, or how it ended, in a sentence. */
export function describeTask(
  task: Pick<TaskProgress, 'status' | 'rows' | 'secondsLeft' | 'failure'>,
  locale: string,
): string {
  const rows = task.rows.toLocaleString(locale);
  switch (task.status) {
    case 'running':
      return task.secondsLeft === null
        ? $localize`:@@tasks.sentence.running:Nobody can tell yet how long it will take.`
        : $localize`:@@tasks.sentence.left:About ${describeDuration(task.secondsLeft)}:duration: left.`;
    case 'completed':
      return $localize`:@@tasks.sentence.completed:All ${rows}:rows: rows are imported.`;
    case 'failed':
      return task.failure === null
        ? $localize`:@@tasks.sentence.failed:The import failed.`
        : describeFailure(task.failure);
    case 'cancelled':
      return $localize`:@@tasks.sentence.cancelled:The import was cancelled after ${rows}:rows: rows.`;
  }
}
