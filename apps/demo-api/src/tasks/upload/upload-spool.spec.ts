import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Request } from 'express';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openUploadSpool } from './upload-spool.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** As much of a request as a spool asks of one. */
function createRequest() {
  const body = new PassThrough();
  return { body, request: Object.assign(body, { complete: false, setTimeout: () => body }) as unknown as Request };
}

it('a file that three connections bring at once has no part twice', async () => {
  const path = join(folder, 'contested.csv');
  const spool = openUploadSpool({ path, isDiskFull: () => false, onChange: () => undefined });
  const [first, second, third] = [createRequest(), createRequest(), createRequest()];
  const receive = ({ request }: typeof first, offset: number) => spool.receive(request, { offset, maxBytes: 100 });
  const ends = [receive(first, 0)];
  first.body.write('aaaa');
  await expect.poll(() => spool.bytes).toBe(4);
  ends.push(receive(second, 4), receive(third, 4));
  second.body.end('bbbb');
  third.body.end('cccc');
  expect((await Promise.all(ends))[0]).toBe('lost');
  const content = await readFile(path, 'utf8');
  expect(['aaaabbbb', 'aaaacccc']).toContain(content);
  expect(spool.bytes).toBe(content.length);
});
