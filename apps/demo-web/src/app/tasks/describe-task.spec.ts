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
    upload: 'receiving',
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
      { status: 'failed', failure: { code: 'inconsistent-columns', found: 2, expected: 3, line: 17, reason: '' } },
      'Failed',
      'Line 17 cannot be imported: it has 2 columns, and the first line has 3.',
    ],
    [
      { status: 'failed', failure: { code: 'not-stored', detail: 'database or disk is full', line: 0, reason: '' } },
      'Failed',
      'The file cannot be imported: it could not be stored (database or disk is full).',
    ],
    [
      { status: 'failed', failure: { code: 'upload-silent', seconds: 300, line: 0, reason: '' } },
      'Failed',
      'The file cannot be imported: no part of it came for 5 min 0 s. Send the file again.',
    ],
    [{ status: 'failed' }, 'Failed', 'The import failed.'],
  ])('%o', (change, status, sentence) => {
    const task = { ...running, ...change };
    expect(describeStatus(task.status)).toBe(status);
    expect(describeTask(task, 'en')).toBe(sentence);
  });
});
