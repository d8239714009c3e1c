import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createEventStream } from '@sillage/client';
import { ALICE, CONTOSO, SAMPLE_API, startEntraEmulator, type EntraEmulator } from '@sillage/entra-emulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

describe('the minimal Express example', () => {
  let emulator: EntraEmulator;
  let child: ChildProcess;
  let origin: string;
  let token: string;

  beforeAll(async () => {
    emulator = await startEntraEmulator();
    token = await emulator.mintToken({ username: ALICE.username, scopes: ['Stream.Access'] });
    const started = spawn(process.execPath, [fileURLToPath(new URL('server.mjs', import.meta.url))], {
      env: {
        ...process.env,
        PORT: '0',
        ENTRA_TENANT_ID: CONTOSO.tenantId,
        ENTRA_API_CLIENT_ID: SAMPLE_API.clientId,
        ENTRA_AUTHORITY: emulator.origin,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    const [line] = (await once(createInterface(started.stdout), 'line')) as [string];
    origin = line;
  });
  afterAll(async () => {
    child.kill('SIGTERM');
    await once(child, 'close');
    await emulator.close();
  });

  const say = (message: string): Promise<Response> =>
    fetch(`${origin}/chat/session-123`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ message }),
    });

  it('streams to whoever has a token, and replays what was missed', async () => {
    const open = (lastEventId: string) =>
      createEventStream<{ user: string; message: string }>(`${origin}/chat/stream/session-123`, {
        accessToken: () => token,
        lastEventId,
      });
    const first = ((await (await say('one')).json()) as { id: string }).id;
    await say('two');
    const seen: string[] = [];
    for await (const { data } of open(first)) {
      seen.push(`${data.user}: ${data.message}`);
      if (seen.length === 1) await say('three');
      if (seen.length === 2) break;
    }
    expect(seen).toEqual([`${ALICE.displayName}: two`, `${ALICE.displayName}: three`]);
  });

  it('refuses whoever has none, and any page but its own', async () => {
    expect((await fetch(`${origin}/chat/stream/session-123`)).status).toBe(401);
    const other = await fetch(`${origin}/chat/stream/x`, { headers: { Origin: 'https://elsewhere.example' } });
    expect(other.headers.get('Access-Control-Allow-Origin')).toBeNull();
  });
});
