import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CONTOSO, SAMPLE_API, startEntraEmulator } from '@sillage/entra-emulator';
import { expect, it } from 'vitest';

it('the process ends by itself on SIGTERM, with a stream open and devices speaking', { timeout: 20_000 }, async () => {
  const emulator = await startEntraEmulator();
  const folder = await mkdtemp(join(tmpdir(), 'main-'));
  const child = spawn(process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url))], {
    env: {
      ENTRA_TENANT_ID: CONTOSO.tenantId,
      ENTRA_API_CLIENT_ID: SAMPLE_API.clientId,
      ENTRA_AUTHORITY: emulator.origin,
      API_PORT: '0',
      DATA_DIR: folder,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let port = 0;
  for await (const line of createInterface(child.stdout)) {
    const { msg, address } = JSON.parse(line) as { msg: string; address?: { port: number } };
    if (msg !== 'listening') continue;
    port = address?.port ?? 0;
    break;
  }
  child.stdout.resume();
  const token = await emulator.mintToken({ username: 'alice@contoso.example', scopes: ['Stream.Access'] });
  const response = await fetch(`http://localhost:${port}/health/stream`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  expect(response.status).toBe(200);
  const rest = response.text().catch(() => 'cut off');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  expect(await rest).not.toBe('cut off');
  await emulator.close();
  await rm(folder, { recursive: true });
});
