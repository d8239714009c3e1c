import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEntraEmulator } from '@sillage/entra-emulator';
import type { Pulse, PulseReport } from 'demo-contract';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runApi } from '../demo-api.fixture.ts';
import { follow, type Follower } from '../follower.fixture.ts';
import { withApi } from '../with-api.fixture.ts';

const reconnect = { baseDelayMs: 10, maxDelayMs: 20 };

/** The numbers of the next events, up to the one that is `count` later. */
async function next(stream: Follower<Pulse>, count: number): Promise<number[]> {
  const first = await stream.until(() => true);
  const last = (first[0]?.data.seq ?? 0) + count;
  const rest = await stream.until(({ data }) => data.seq >= last);
  return [...first, ...rest].map(({ data }) => data.seq);
}

function expectConsecutive(numbers: readonly number[]): void {
  const [first = 0] = numbers;
  expect(numbers).toEqual(numbers.map((_, index) => first + index));
}

describe('the showcase', () => {
  const held = withApi(() => ({ variables: { EMULATOR_CONTROL_URL: held.emulator.controlOrigin } }));
  const ordinary = withApi();
  const report = async (): Promise<PulseReport> =>
    (await (await fetch(`${held.api.origin}/showcase/pulse`)).json()) as PulseReport;
  const cause = (viewers: readonly string[], fault: unknown): Promise<Response> =>
    fetch(`${held.api.origin}/showcase/faults`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ viewers, fault }),
    });

  it('streams to anonymous viewers, who resume without a loss after cuts in the middle of an event and three refusals', async () => {
    const viewer = randomUUID();
    const stream = follow<Pulse>(`${held.api.origin}/showcase/stream?viewer=${viewer}`, { reconnect });
    const numbers = await next(stream, 5);
    for (const fault of [{ kind: 'cut' }, { kind: 'cut' }, { kind: 'refuse', count: 3 }]) {
      expect(await (await cause([viewer], fault)).json()).toEqual({ cut: 1 });
      numbers.push(...(await next(stream, 20)));
    }
    expectConsecutive(numbers);
    expect(stream.gaps).toEqual([]);
    expect((await report()).published).toBeGreaterThanOrEqual(numbers.at(-1) ?? Infinity);
    stream.close();
  });

  it('disturbs no viewer but those that a request names', async () => {
    const statuses: number[] = [];
    const watched = follow<Pulse>(`${held.api.origin}/showcase/stream?viewer=${randomUUID()}`, {
      reconnect,
      fetch: async (...request) => {
        const response = await fetch(...request);
        statuses.push(response.status);
        return response;
      },
    });
    await next(watched, 1);
    expect(await (await cause([randomUUID()], { kind: 'refuse', count: 3 })).json()).toEqual({ cut: 0 });
    await next(watched, 10);
    expect(statuses).toEqual([200]);
    watched.close();
  });

  it('is bounded: an address gets twenty streams, a viewer needs a UUID, and the word of the anonymous opens no other stream', async () => {
    const open = (viewer: string) => fetch(`${held.api.origin}/showcase/stream?viewer=${viewer}`);
    const streams = await Promise.all(Array.from({ length: 20 }, () => open(randomUUID())));
    expect(streams.map(({ status }) => status)).toEqual(streams.map(() => 200));
    expect((await open(randomUUID())).status).toBe(429);
    for (const { body } of streams) await body?.cancel();
    expect((await open('alice')).status).toBe(400);
    expect((await cause(['alice'], { kind: 'cut' })).status).toBe(400);
    for (const path of ['/pulse/stream', '/events/stream', '/me']) {
      const response = await fetch(`${held.api.origin}${path}`, { headers: { Authorization: 'Bearer anonymous' } });
      expect([path, response.status]).toEqual([path, 401]);
    }
  });

  it('lets a user cut and refuse their own streams only', async () => {
    const [alices, bobs] = (['alice', 'bob'] as const).map((who) =>
      held.api.follow<Pulse>(who, '/pulse/stream', { reconnect }),
    );
    if (alices === undefined || bobs === undefined) throw new Error('Both were opened.');
    const numbers = await next(alices, 3);
    await next(bobs, 1);
    expect(await held.api.json('alice', 'POST', '/chaos/faults', { kind: 'refuse', count: 3 })).toEqual({ cut: 1 });
    numbers.push(...(await next(alices, 20)));
    expectConsecutive(numbers);
    expectConsecutive(await next(bobs, 20));
  });

  it('passes the faults of the identity provider on to the emulator', async () => {
    expect((await held.api.call('alice', 'POST', '/chaos/token-lifetime', { ms: 10_000 })).status).toBe(204);
    expect((await held.api.call('alice', 'POST', '/chaos/rotate-keys')).status).toBe(204);
    expect((await held.api.call('alice', 'POST', '/chaos/token-lifetime', { ms: 1 })).status).toBe(400);
    const token = await held.emulator.mintToken({ username: 'bob@contoso.example', scopes: ['Stream.Access'] });
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, number>;
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(10);
    expect((await held.api.call('bob', 'GET', '/me')).status).toBe(200);
  });

  it('exists in demo mode only', async () => {
    const { api } = ordinary;
    for (const [method, path] of [
      ['GET', `/showcase/stream?viewer=${randomUUID()}`],
      ['GET', '/showcase/pulse'],
      ['POST', '/showcase/faults'],
    ] as const)
      expect((await fetch(`${api.origin}${path}`, { method })).status).toBe(401);
    for (const path of ['/chaos/faults', '/chaos/restart', '/chaos/rotate-keys', '/chaos/token-lifetime'])
      expect((await api.call('alice', 'POST', path, {})).status).toBe(404);
    expect((await api.call('alice', 'GET', '/pulse/stream')).status).toBe(404);
  });
});

describe('the numbers of the pulse', () => {
  it('continue over a restart of the API, so that a page counts on', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sillage-pulse-'));
    const emulator = await startEntraEmulator();
    const variables = { EMULATOR_CONTROL_URL: emulator.controlOrigin, STORE: 'sqlite', DATA_DIR: folder };
    const first = await runApi({ emulator, variables });
    onTestFinished(async () => {
      await emulator.close();
      await rm(folder, { recursive: true });
    });
    const stream = first.follow<Pulse>('alice', '/pulse/stream', { reconnect });
    const numbers = await next(stream, 5);
    await first.stop();
    const second = await runApi({ emulator, variables, port: Number(new URL(first.origin).port) });
    numbers.push(...(await next(stream, 20)));
    expectConsecutive(numbers);
    expect(stream.gaps).toEqual([]);
    await first.close();
    await second.close();
  });
});
