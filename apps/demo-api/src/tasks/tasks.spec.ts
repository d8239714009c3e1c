import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Notice, TaskInfo, TaskProgress, TaskStarted } from 'demo-contract';
import { afterAll, describe, expect, it } from 'vitest';
import { withApi } from '../with-api.fixture.ts';
import { createEndlessRows } from './endless-rows.fixture.ts';

const csv = { 'Content-Type': 'text/csv' };

describe('an import', () => {
  let folder: string;
  const held = withApi(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tasks-'));
    return { variables: { STORE: 'sqlite', DATA_DIR: folder } };
  });
  afterAll(() => rm(folder, { recursive: true }));

  const register = async (name = 'sample.csv'): Promise<string> =>
    (await held.api.json<TaskStarted>('bob', 'POST', '/tasks', { name })).taskId;
  const upload = (taskId: string, content: BodyInit): Promise<Response> =>
    held.api.upload('bob', 'PUT', `/tasks/${taskId}/content`, content, csv);
  const follow = (taskId: string, lastEventId = '') =>
    held.api.follow<TaskProgress>('bob', `/tasks/stream/${taskId}`, { lastEventId });

  it('takes a file of some megabytes, tells its progress, and completes', async () => {
    const taskId = await register('large.csv');
    const stream = follow(taskId);
    expect((await stream.until(() => true))[0]?.data).toMatchObject({ status: 'running', rows: 0, secondsLeft: null });
    const rows = 60_000;
    const content = `id,name,hash\n${Array.from({ length: rows }, (_, id) => `${id},"A, ""quoted"" name",${createHash('md5').update(String(id)).digest('hex')}`).join('\n')}\n`;
    const uploaded = upload(taskId, content);
    const seen = await stream.rest();
    expect((await uploaded).status).toBe(204);
    expect(seen.at(-1)?.data).toMatchObject({
      status: 'completed',
      percentage: 100,
      rows,
      secondsLeft: 0,
      failure: null,
    });
    const percentages = seen.map(({ data }) => data.percentage);
    expect(percentages).toEqual([...percentages].sort((one, other) => one - other));
    const database = new DatabaseSync(join(folder, 'imports', `${taskId}.sqlite`), { readOnly: true });
    expect(database.prepare('SELECT count(*) AS count, max(name) AS name FROM rows').get()).toEqual({
      count: rows,
      name: 'A, "quoted" name',
    });
    database.close();
  });

  it('completes at once for a client that reconnects after its end, and shows its end to a late client', async () => {
    const taskId = await register();
    const stream = follow(taskId);
    await upload(taskId, 'a;b\n1;2\n');
    await stream.rest();
    expect(await follow(taskId, stream.lastEventId).rest()).toEqual([]);
    expect((await follow(taskId).rest()).map(({ data }) => data.status)).toEqual(['completed']);
    expect(await held.api.json<TaskInfo[]>('bob', 'GET', '/tasks')).toContainEqual(
      expect.objectContaining({ taskId, name: 'sample.csv', status: 'completed', rows: 1 }),
    );
  });

  it('may be sent in one request, by a client that needs no answer before', async () => {
    const response = await held.api.upload(
      'bob',
      'POST',
      '/tasks?name=direct.csv',
      `a\tb\n${'1\t2\n'.repeat(300_000)}`,
      csv,
    );
    expect(response.status).toBe(202);
    const { taskId } = (await response.json()) as TaskStarted;
    expect((await follow(taskId).rest()).at(-1)?.data).toMatchObject({ status: 'completed', rows: 300_000 });
  });

  it.each<[string, BodyInit, number, string]>([
    ['prose', 'This is prose.\nNot a table.\n', 1, 'a single column'],
    ['a page', '<!doctype html>\n<p>Hello</p>\n', 1, 'a single column'],
    ['nothing', '', 1, 'empty'],
    ['inconsistent', 'a,b\n1,2\n1,2,3\n', 3, 'it has 3 columns, and the first line has 2'],
    ['quoted wrongly', 'a,b\n1,"2" x\n', 2, 'closing quote'],
    ['quoted in the middle', 'a,b\n1,2\n3,x"y"\n', 3, 'in the middle of a value'],
    ['never closed', 'a,b\n1,2\n3,"4\n5,6\n', 3, 'never closed'],
    ['closed too late', `a,b\n1,"${'x'.repeat(1_100_000)}\n`, 2, 'larger than'],
    ['not UTF-8', Uint8Array.of(0x61, 0x2c, 0x62, 0x0a, 0x31, 0x2c, 0xe9, 0x0a), 2, 'not UTF-8'],
    ['cut off in a character', Uint8Array.of(0x61, 0x2c, 0x62, 0x0a, 0x31, 0x2c, 0xc3), 2, 'not UTF-8'],
    ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d), 3, 'binary'],
    ['without names', 'a,,c\n1,2,3\n', 1, 'column 2 has no name'],
    ['ambiguous', 'a,b,A\n1,2,3\n', 1, 'two columns are called "A"'],
  ])('of what is %s fails with the line and the reason', async (name, content, line, reason) => {
    const taskId = await register(`${name}.csv`);
    const response = await upload(taskId, content);
    expect([response.status, await response.json()]).toMatchObject([422, { code: 'import-failed' }]);
    const [last] = (await follow(taskId).rest()).slice(-1);
    expect(last?.data).toMatchObject({
      status: 'failed',
      failure: { line, reason: expect.stringContaining(reason) as string },
    });
    expect(await readdir(join(folder, 'imports'))).not.toContain(`${taskId}.sqlite`);
    const notices = held.api.follow<Notice>('bob', '/notifications/stream', { lastEventId: 'all' });
    await notices.until(({ data }) => data.message.startsWith(`${name}.csv: Line ${line}: `));
    notices.close();
  });

  it('can be cancelled while the file is on its way', async () => {
    const taskId = await register('endless.csv');
    const stream = follow(taskId);
    const file = createEndlessRows();
    const uploaded = upload(taskId, file.body).then(
      ({ status }) => status,
      () => 'broken off',
    );
    const seen = await stream.until(({ data }) => data.rows > 10_000 && data.rowsPerSecond > 0);
    // Nobody knows how much is to come.
    expect(seen.at(-1)?.data).toMatchObject({ percentage: 0, secondsLeft: null });
    expect((await held.api.call('bob', 'POST', `/tasks/${taskId}/cancel`)).status).toBe(204);
    expect((await stream.rest()).at(-1)?.data).toMatchObject({ status: 'cancelled', failure: null });
    file.stop();
    expect([409, 'broken off']).toContain(await uploaded);
    expect((await held.api.call('bob', 'POST', `/tasks/${taskId}/cancel`)).status).toBe(409);
  });

  it('fails when its upload breaks off', async () => {
    const taskId = await register();
    const controller = new AbortController();
    const halting = new ReadableStream<Uint8Array>({
      start: (stream) => stream.enqueue(new TextEncoder().encode('a,b\n1,2\n')),
    });
    const stream = follow(taskId);
    const uploaded = held.api.upload('bob', 'PUT', `/tasks/${taskId}/content`, halting, csv, controller.signal);
    await stream.until(({ data }) => data.upload === 'receiving');
    controller.abort();
    await expect(uploaded).rejects.toThrow();
    expect((await stream.rest()).at(-1)?.data.failure).toMatchObject({ code: 'upload-broken', line: 0 });
  });

  it('is its owner’s alone', async () => {
    const taskId = await register();
    expect((await held.api.call('alice', 'GET', `/tasks/stream/${taskId}`)).status).toBe(404);
    expect((await held.api.call('alice', 'POST', `/tasks/${taskId}/cancel`)).status).toBe(404);
    expect((await held.api.upload('alice', 'PUT', `/tasks/${taskId}/content`, 'a,b\n', csv)).status).toBe(404);
    expect(await held.api.json('alice', 'GET', '/tasks')).toEqual([]);
    expect((await held.api.call('bob', 'POST', `/tasks/${taskId}/cancel`)).status).toBe(204);
  });

  it('is refused if its content type is not CSV, if it already has its file, or if it is one too many', async () => {
    const [one, two] = [await register(), await register()];
    const third = await held.api.call('bob', 'POST', '/tasks', { name: 'third.csv' });
    expect([third.status, third.headers.get('Retry-After'), await third.json()]).toMatchObject([
      429,
      '5',
      { code: 'too-many-tasks' },
    ]);
    expect(
      (await held.api.upload('bob', 'PUT', `/tasks/${one}/content`, '{}', { 'Content-Type': 'application/pdf' }))
        .status,
    ).toBe(415);
    expect((await upload(one, 'a,b\n')).status).toBe(204);
    expect((await upload(one, 'a,b\n')).status).toBe(410);
    expect((await held.api.call('bob', 'POST', `/tasks/${two}/cancel`)).status).toBe(204);
    expect((await held.api.call('bob', 'POST', '/tasks', { name: '' })).status).toBe(400);
  });
});
