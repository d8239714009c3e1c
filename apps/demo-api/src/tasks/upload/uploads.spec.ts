import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Notice, TaskProgress, TaskStarted } from 'demo-contract';
import { afterAll, describe, expect, it } from 'vitest';
import type { Who } from '../../demo-api.fixture.ts';
import { withApi } from '../../with-api.fixture.ts';
import { createHaltingBody, createRows, partHeaders, readStored, resumeUpload, storedRows } from './upload.fixture.ts';

describe('an upload in parts', () => {
  let folder: string;
  const held = withApi(async () => {
    folder = await mkdtemp(join(tmpdir(), 'uploads-'));
    return { variables: { STORE: 'sqlite', DATA_DIR: folder } };
  });
  afterAll(() => rm(folder, { recursive: true }));

  const content = new Uint8Array(createRows(2_000));
  const register = async (sizeBytes: number | undefined = content.byteLength): Promise<string> =>
    (await held.api.json<TaskStarted>('bob', 'POST', '/tasks', { name: 'rows.csv', sizeBytes })).taskId;
  const pathOf = (taskId: string): string => `/tasks/${taskId}/content`;
  const ask = (taskId: string, who: Who = 'bob'): Promise<Response> =>
    held.api.call(who, 'HEAD', pathOf(taskId), undefined, { 'Tus-Resumable': '1.0.0' });
  const send = (taskId: string, offset: number | string, body: BodyInit, headers = {}, who: Who = 'bob') =>
    held.api.upload(who, 'PATCH', pathOf(taskId), body, {
      ...partHeaders,
      'Upload-Offset': String(offset),
      ...headers,
    });
  const cancel = (taskId: string): Promise<Response> => held.api.call('bob', 'POST', `/tasks/${taskId}/cancel`);
  const follow = (taskId: string) => held.api.follow<TaskProgress>('bob', `/tasks/stream/${taskId}`);
  const codeOf = async (response: Response): Promise<unknown> => [
    response.status,
    response.headers.get('Content-Type')?.split(';')[0],
    ((await response.json()) as { code: string }).code,
  ];
  const problem = (status: number, code: string): unknown => [status, 'application/problem+json', code];

  it('is complete with its last part, and leaves nothing but the rows', async () => {
    const taskId = await register();
    const stream = follow(taskId);
    expect((await ask(taskId)).headers.get('Upload-Offset')).toBe('0');
    const half = 20_001;
    const first = await send(taskId, 0, content.subarray(0, half));
    expect([first.status, first.headers.get('Upload-Offset')]).toEqual([204, String(half)]);
    await stream.until(({ data }) => data.upload === 'waiting' && data.rows > 0);
    const asked = await ask(taskId);
    expect([asked.status, ...['Upload-Offset', 'Upload-Length'].map((name) => asked.headers.get(name))]).toEqual([
      200,
      String(half),
      String(content.byteLength),
    ]);
    expect((await send(taskId, half, content.subarray(half))).status).toBe(204);
    expect((await stream.rest()).at(-1)?.data).toMatchObject({ status: 'completed', upload: 'complete', rows: 2_000 });
    expect(readStored(folder, taskId)).toEqual(storedRows(2_000));
    await expect.poll(() => readdir(join(folder, 'uploads'))).toEqual([]);
  });

  it('is resumed by the client of the tus project, and replaces a lost connection', async () => {
    const taskId = await register();
    const stream = follow(taskId);
    const lost = send(taskId, 0, createHaltingBody(content.subarray(0, 30_000))).catch(() => 'cut off');
    await stream.until(({ data }) => data.upload === 'receiving' && data.rows > 0);
    await resumeUpload(`${held.api.origin}${pathOf(taskId)}`, Buffer.from(content), held.api.tokens.bob);
    expect(await lost).toBe('cut off');
    expect((await stream.rest()).at(-1)?.data).toMatchObject({ status: 'completed', rows: 2_000 });
    expect(readStored(folder, taskId)).toEqual(storedRows(2_000));
  });

  it('has one connection at a time: the next part ends the one before', async () => {
    const taskId = await register(8);
    const stream = follow(taskId);
    const lost = send(taskId, 0, createHaltingBody(new TextEncoder().encode('a,b\n'))).catch(() => 'cut off');
    await stream.until(({ data }) => data.percentage === 50);
    expect((await send(taskId, 4, '1,2\n')).status).toBe(204);
    expect(await lost).toBe('cut off');
    expect((await stream.rest()).at(-1)?.data).toMatchObject({ status: 'completed', rows: 1 });
  });

  it('is refused in words where it begins elsewhere, is too large, no part, or of another version', async () => {
    const taskId = await register();
    expect(await codeOf(await send(taskId, 5, 'more'))).toEqual(problem(409, 'wrong-offset'));
    expect(await codeOf(await send(taskId, 'x', 'more'))).toEqual(problem(400, 'invalid-offset'));
    const larger = new Blob([content, content]);
    expect(await codeOf(await send(taskId, 0, larger))).toEqual(problem(413, 'file-too-large'));
    expect(await codeOf(await send(taskId, 0, larger.stream()))).toEqual(problem(413, 'file-too-large'));
    const asText = { 'Content-Type': 'text/csv' };
    expect(await codeOf(await send(taskId, 0, 'more', asText))).toEqual(problem(415, 'not-a-part'));
    const other = await send(taskId, 0, 'more', { 'Tus-Resumable': '0.2.2' });
    expect(other.headers.get('Tus-Version')).toBe('1.0.0');
    expect(await codeOf(other)).toEqual(problem(412, 'unknown-version'));
    await cancel(taskId);
  });

  it('is refused once its task is over, and where nobody knows its end', async () => {
    const over = await register();
    await cancel(over);
    expect(await codeOf(await send(over, 0, 'more'))).toEqual(problem(410, 'file-not-wanted'));
    expect((await ask(over)).status).toBe(410);
    const endless = await register(undefined);
    const { taskId } = await held.api.json<TaskStarted>('bob', 'POST', '/tasks', { name: 'rows.csv' });
    expect(await codeOf(await send(taskId, 0, 'more'))).toEqual(problem(409, 'size-unknown'));
    await Promise.all([cancel(endless), cancel(taskId)]);
  });

  it('ends with its task: a wrong line is reported before the rest has arrived', async () => {
    const taskId = await register();
    const stream = follow(taskId);
    const part = `a,b\n1,2,3\n${'1,2\n'.repeat(100)}`;
    await send(taskId, 0, part);
    expect((await stream.rest()).at(-1)?.data.failure).toMatchObject({ code: 'inconsistent-columns', line: 2 });
    expect((await send(taskId, part.length, 'more')).status).toBe(410);
  });

  it('is reported as empty if it has no bytes', async () => {
    expect((await follow(await register(0)).rest()).at(-1)?.data.failure).toMatchObject({ code: 'empty' });
  });

  it('is its owner’s alone', async () => {
    const taskId = await register();
    expect((await ask(taskId, 'alice')).status).toBe(404);
    expect((await send(taskId, 0, 'more', {}, 'alice')).status).toBe(404);
    expect((await ask(taskId)).headers.get('Upload-Offset')).toBe('0');
    await cancel(taskId);
  });

  it('may come from a page: its headers pass CORS', async () => {
    const origin = 'http://localhost:4200';
    const preflight = await fetch(`${held.api.origin}/tasks/any/content`, {
      method: 'OPTIONS',
      headers: { Origin: origin, 'Access-Control-Request-Method': 'PATCH' },
    });
    expect(preflight.headers.get('Access-Control-Allow-Methods')).toContain('PATCH');
    for (const name of ['tus-resumable', 'upload-offset', 'authorization', 'content-type']) {
      expect(preflight.headers.get('Access-Control-Allow-Headers')).toContain(name);
    }
    const answer = await fetch(`${held.api.origin}/health`, { headers: { Origin: origin } });
    for (const name of ['Upload-Offset', 'Upload-Length', 'Retry-After']) {
      expect(answer.headers.get('Access-Control-Expose-Headers')).toContain(name);
    }
  });
});

describe('an upload that fell silent', () => {
  const held = withApi(() => ({ variables: { UPLOAD_SILENCE_MS: '200' } }));

  it('fails after the silence limit, and its owner is asked to send the file again', async () => {
    const { taskId } = await held.api.json<TaskStarted>('bob', 'POST', '/tasks', { name: 'rows.csv', sizeBytes: 100 });
    const stream = held.api.follow<TaskProgress>('bob', `/tasks/stream/${taskId}`);
    const part = { ...partHeaders, 'Upload-Offset': '0' };
    await held.api.upload('bob', 'PATCH', `/tasks/${taskId}/content`, 'a,b\n1,2\n', part);
    expect((await stream.rest()).at(-1)?.data).toMatchObject({
      status: 'failed',
      failure: { code: 'upload-silent', line: 0, reason: expect.stringContaining('send the file again') as string },
    });
    const notices = held.api.follow<Notice>('bob', '/notifications/stream', { lastEventId: 'all' });
    const [notice] = await notices.until(() => true);
    expect(notice?.data.about).toMatchObject({ kind: 'import-ended', name: 'rows.csv', status: 'failed' });
    notices.close();
  });
});
