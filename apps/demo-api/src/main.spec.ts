import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEntraEmulator } from '@sillage/entra-emulator';
import { expect, it } from 'vitest';
import { startApiProcess } from './api-process.fixture.ts';

it('the process ends by itself on SIGTERM, with a stream open and devices speaking', { timeout: 20_000 }, async () => {
  const emulator = await startEntraEmulator();
  const folder = await mkdtemp(join(tmpdir(), 'main-'));
  const api = await startApiProcess(emulator, folder);
  const token = await emulator.mintToken({ username: 'alice@contoso.example', scopes: ['Stream.Access'] });
  const response = await fetch(`http://localhost:${api.port}/health/stream`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  expect(response.status).toBe(200);
  const rest = response.text().catch(() => 'cut off');
  expect(await api.end('SIGTERM')).toEqual([0, null]);
  expect(await rest).not.toBe('cut off');
  await emulator.close();
  await rm(folder, { recursive: true });
});
