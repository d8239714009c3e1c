import type { TaskProgress } from 'demo-contract';
import { describeStatus, describeTask } from './describe-task';

describe('an import in words', () => {
  const running: TaskProgress = {
    taskId: 't1',
    status: 'running',
    percentage: 12,
    message: '',
    rows: 12_345,
    rowsPerSecond: 900,
    secondsLeft: null,
    failure: null,
  };

  it.each<[Partial<TaskProgress>, string, string]>([
    [{}, 'Running', 'Nobody can tell yet how long it will take.'],
    [{ secondsLeft: 0 }, 'Running', 'About 0 s left.'],
    [{ secondsLeft: 61.4 }, 'Running', 'About 1 min 1 s left.'],
    [{ secondsLeft: 7_200 }, 'Running', 'About 2 h 0 min left.'],
    [{ status: 'completed' }, 'Completed', 'All 12,345 rows are imported.'],
    [{ status: 'cancelled' }, 'Cancelled', 'The import was cancelled after 12,345 rows.'],
    [
      { status: 'failed', failure: { line: 17, reason: 'It has 2 fields, and the first line has 3.' } },
      'Failed',
      'Line 17 cannot be imported: It has 2 fields, and the first line has 3.',
    ],
    [{ status: 'failed' }, 'Failed', 'The import failed.'],
  ])('%o', (change, status, sentence) => {
    const task = { ...running, ...change };
    expect(describeStatus(task.status)).toBe(status);
    expect(describeTask(task, 'en')).toBe(sentence);
  });
});
