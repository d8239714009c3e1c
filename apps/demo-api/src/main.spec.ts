import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEntraEmulator } from '@sillage/entra-emulator';
import { expect, it } from 'vitest';
import { startApiProcess } from './api-process.fixture.ts';

it('exits on SIGTERM with an open stream and devices that send', { timeout: 20_000 }, async () => {
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

it('with DRAIN_WINDOW_MS asks clients on SIGTERM to move, and exits once they have', { timeout: 20_000 }, async () => {
  const emulator = await startEntraEmulator();
  const folder = await mkdtemp(join(tmpdir(), 'main-'));
  const api = await startApiProcess(emulator, folder, { DRAIN_WINDOW_MS: '60000' });
  const token = await emulator.mintToken({ username: 'alice@contoso.example', scopes: ['Stream.Access'] });
  const moving = new AbortController();
  const response = await fetch(`http://localhost:${api.port}/health/stream`, {
    headers: { Authorization: `Bearer ${token}` },
    signal: moving.signal,
  });
  const reader = (response.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream()).getReader();
  const exited = api.end('SIGTERM');
  let received = '';
  while (!received.includes('event: rotate')) received += (await reader.read()).value ?? '';
  moving.abort();
  expect(await exited).toEqual([0, null]);
  await emulator.close();
  await rm(folder, { recursive: true });
});

it(
  'exits on SIGTERM within seconds while an MQTT broker accepts connections and says nothing',
  { timeout: 15_000 },
  async () => {
    const emulator = await startEntraEmulator();
    const folder = await mkdtemp(join(tmpdir(), 'main-'));
    const sockets: Socket[] = [];
    const broker = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    await once(broker, 'listening');
    const { port } = broker.address() as AddressInfo;
    const connected = once(broker, 'connection');
    const api = await startApiProcess(emulator, folder, { MQTT_URL: `mqtt://127.0.0.1:${port}` });
    await connected;
    // Without the fix, this takes as long as the client waits for the broker: half a minute, past the time limit of this test.
    expect(await api.end('SIGTERM')).toEqual([0, null]);
    for (const socket of sockets) socket.destroy();
    broker.close();
    await emulator.close();
    await rm(folder, { recursive: true });
  },
);

it('exits on SIGTERM while the body of a request never ends', { timeout: 15_000 }, async () => {
  const emulator = await startEntraEmulator();
  const folder = await mkdtemp(join(tmpdir(), 'main-'));
  const api = await startApiProcess(emulator, folder);
  const token = await emulator.mintToken({ username: 'alice@contoso.example', scopes: ['Stream.Access'] });
  const socket = connect(api.port, 'localhost');
  socket.on('error', () => undefined);
  socket.write(
    `POST /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n`,
  );
  await once(socket, 'data');
  expect(await api.end('SIGTERM')).toEqual([0, null]);
  await emulator.close();
  await rm(folder, { recursive: true });
});

it('serves health and metrics at OPERATIONS_PORT', { timeout: 20_000 }, async () => {
  const emulator = await startEntraEmulator();
  const folder = await mkdtemp(join(tmpdir(), 'main-'));
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  const api = await startApiProcess(emulator, folder, { OPERATIONS_PORT: String(port) });
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: response.status, text: await response.text() };
  };
  expect(await ask('/healthz')).toEqual({ status: 200, text: '{"status":"ok"}' });
  expect(JSON.parse((await ask('/readyz')).text)).toMatchObject({ status: 'ok', checks: { hub: 'ok', log: 'ok' } });
  expect((await ask('/metrics')).text).toContain('sillage_sessions{engine="sqlite"} 0');
  expect((await ask('/notifications/stream')).status).toBe(404);
  expect((await fetch(`http://localhost:${api.port}/metrics`)).status).not.toBe(200);
  expect(await api.end('SIGTERM')).toEqual([0, null]);
  await emulator.close();
  await rm(folder, { recursive: true });
});
