import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEntraEmulator, type EntraEmulator } from '@sillage/entra-emulator';
import type { ChatHistory, TaskInfo, TaskStarted } from 'demo-contract';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { startApiProcess, type ApiProcess } from './api-process.fixture.ts';
import { partHeaders } from './tasks/upload/upload.fixture.ts';

const mib = 2 ** 20;

/** A small disk; `undefined` where this process may not mount one. */
function mountDisk(bytes: number): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'small-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]);
  if (status === 0) return folder;
  rmSync(folder, { recursive: true });
  return undefined;
}

function unmount(folder: string): void {
  spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true });
}

const probe = mountDisk(mib);
if (probe === undefined)
  console.warn('The tests of a full disk are skipped: they mount a tmpfs, which needs root on Linux.');
else unmount(probe);

describe.skipIf(probe === undefined)('a full disk', { timeout: 30_000 }, () => {
  let emulator: EntraEmulator;
  let token: string;
  let folder: string;
  let api: ApiProcess;

  beforeAll(async () => {
    emulator = await startEntraEmulator();
    token = await emulator.mintToken({ username: 'alice@contoso.example', scopes: ['Stream.Access'] });
  });
  afterAll(() => emulator.close());
  beforeEach(() => {
    folder = mountDisk(24 * mib) ?? '';
  });
  afterEach(async () => {
    await api.end('SIGKILL');
    unmount(folder);
  });

  const start = async (reserveBytes: number): Promise<void> => {
    api = await startApiProcess(emulator, folder, { DISK_RESERVE_BYTES: String(reserveBytes), LOG_LEVEL: 'info' });
  };
  const call = (method: string, path: string, body?: BodyInit, headers: Record<string, string> = {}) =>
    fetch(`http://localhost:${api.port}${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body }),
    });
  const json = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await call(method, path, body === undefined ? undefined : JSON.stringify(body));
    if (!response.ok) throw new Error(`${method} ${path} was answered by ${response.status}.`);
    return (response.status === 204 ? undefined : await response.json()) as T;
  };
  const write = (text: string): Promise<{ id: string }> => json('POST', '/chat/room/messages', { text });
  const messages = async (): Promise<string[]> =>
    (await json<ChatHistory>('GET', '/chat/room/messages')).messages.map(({ text }) => text);
  const problemOf = async (response: Response): Promise<unknown> => [
    response.status,
    ((await response.json()) as { code: unknown }).code,
  ];
  const freeBytes = (): number => statfsSync(folder).bavail * statfsSync(folder).bsize;
  /** Another program fills what is left, but for some bytes. */
  function fillUp(leftBytes = 0): string {
    const ballast = join(folder, 'ballast');
    for (let size = freeBytes() - leftBytes; size > 0; size = Math.min(freeBytes() - leftBytes, size - 4_096)) {
      try {
        writeFileSync(ballast, Buffer.alloc(size), { flag: 'a' });
      } catch {
        // Less fits than the file system says: its own tables take the rest.
      }
    }
    return ballast;
  }
  const rows = (bytes: number) => new TextEncoder().encode(`a,b\n${'1,2\n'.repeat(bytes / 4)}`);

  it.each([
    ['a part', 'PATCH', { ...partHeaders, 'Upload-Offset': '0' }],
    ['at once', 'PUT', { 'Content-Type': 'text/csv' }],
  ])(
    'ends an upload that fills it (sent as %s) with 507, removes the file, and everything else works',
    async (_, method, headers) => {
      await start(1);
      await write('before');
      const file = rows(40 * mib);
      const { taskId } = await json<TaskStarted>('POST', '/tasks', { name: 'x.csv', sizeBytes: file.byteLength });
      const response = await call(method, `/tasks/${taskId}/content`, file, headers);
      expect(await problemOf(response)).toEqual([507, 'storage-full']);
      const [task] = await json<TaskInfo[]>('GET', '/tasks');
      expect(task).toMatchObject({ taskId, status: 'failed', failure: { code: 'not-stored' } });
      expect(freeBytes()).toBeGreaterThan(12 * mib);
      await write('after');
      expect(await messages()).toEqual(['before', 'after']);
      await api.end('SIGKILL');
      await start(1);
      expect(await messages()).toEqual(['before', 'after']);
    },
  );

  it('keeps a reserve: an upload ends before the disk is full, and new work is refused while reading works', async () => {
    await start(8 * mib);
    await write('before');
    const file = rows(40 * mib);
    const { taskId } = await json<TaskStarted>('POST', '/tasks', { name: 'x.csv', sizeBytes: file.byteLength });
    const headers = { ...partHeaders, 'Upload-Offset': '0' };
    expect(await problemOf(await call('PATCH', `/tasks/${taskId}/content`, file, headers))).toEqual([
      507,
      'storage-full',
    ]);
    const waiting = await json<TaskStarted>('POST', '/tasks', { name: 'y.csv', sizeBytes: 10 });
    // Writing would still succeed.
    const ballast = fillUp(4 * mib);
    for (const [path, body] of [
      ['/tasks', { name: 'y.csv' }],
      ['/chat/room/messages', { text: 'x' }],
      ['/documents', { title: 'x', sharedWith: [] }],
    ] as const) {
      expect([path, await problemOf(await call('POST', path, JSON.stringify(body)))]).toEqual([
        path,
        [507, 'storage-full'],
      ]);
    }
    expect(await messages()).toEqual(['before']);
    const stream = await call('GET', '/events/stream');
    expect(stream.status).toBe(200);
    await stream.body?.cancel();
    // What frees space is not refused.
    expect((await call('POST', `/tasks/${waiting.taskId}/cancel`)).status).toBe(204);
    rmSync(ballast);
    await write('after');
    expect(await messages()).toEqual(['before', 'after']);
  });

  it('does not prevent a start: the files that are still to be imported make room', async () => {
    await start(1);
    await write('before');
    const file = rows(8 * mib);
    const { taskId } = await json<TaskStarted>('POST', '/tasks', { name: 'x.csv', sizeBytes: 2 * file.byteLength });
    const part = await call('PATCH', `/tasks/${taskId}/content`, file, { ...partHeaders, 'Upload-Offset': '0' });
    expect(part.status).toBe(204);
    await api.end('SIGKILL');
    fillUp();
    expect(freeBytes()).toBeLessThan(64 * 1_024);
    await start(1);
    expect(await messages()).toEqual(['before']);
    // The client learns that it has to send the file again from the start.
    const head = await call('HEAD', `/tasks/${taskId}/content`, undefined, { 'Tus-Resumable': '1.0.0' });
    expect(head.headers.get('Upload-Offset')).toBe('0');
    await write('after');
  });
});
