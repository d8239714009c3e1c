import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createTask, type KeptTask } from './kept-task.ts';
import { createTaskWork } from './task-work.ts';

it('a resumed task never reports less progress than before', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'work-'));
  const spoolPath = join(folder, 'rows.csv');
  await writeFile(spoolPath, `a,b\n${'1,2\n'.repeat(10)}`);
  const owner = { id: 'bob', name: 'Bob Sample', username: 'bob@contoso.example' };
  const { promise: told, resolve } = Promise.withResolvers<KeptTask>();
  const work = createTaskWork({
    // It had reported these rows, and was killed before it had committed them.
    task: {
      ...createTask(owner, { name: 'rows.csv', sizeBytes: 1_000 }, new Date()),
      ...{ rows: 100, percentage: 40, upload: 'receiving' },
    },
    databasePath: join(folder, 'rows.sqlite'),
    spoolPath,
    silenceMs: 60_000,
    isDiskFull: () => false,
    onChange: resolve,
    onEnd: () => Promise.resolve(),
  });
  expect(work.task.upload).toBe('waiting');
  work.resume();
  expect(await told).toMatchObject({ rows: 100, percentage: 40, upload: 'waiting', status: 'running' });
  await work.stop();
  await rm(folder, { recursive: true });
});
