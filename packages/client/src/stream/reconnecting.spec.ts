import { describe, expect, it } from 'vitest';
import { createEventStream } from './event-stream.ts';
import { header, listen, status, url } from '../testing/listen.fixture.ts';
import { scriptedStream, ScriptedWorld, settle } from '../testing/scripted-world.fixture.ts';

describe('reconnecting', () => {
  it('resumes after the last event delivered, with a new token (PROTOCOL 2.3, 8.7)', async () => {
    const first = scriptedStream();
    const second = scriptedStream();
    const world = new ScriptedWorld(first.response, second.response);
    let tokens = 0;
    const { seen } = await listen(world, { accessToken: () => `token-${(tokens += 1)}` });
    await first.write('id: e-1\ndata: 1\n\nid: e-2\ndata: 2');
    await first.end();

    expect(seen.states.at(-1)).toBe('waiting');
    expect(world.requests).toHaveLength(1);
    await world.advance(500);
    expect(header(world, 1, 'Last-Event-ID')).toBe('e-1');
    expect(header(world, 1, 'Authorization')).toBe('Bearer token-2');
    await second.write('id: e-2\ndata: 2\n\n');
    expect(seen.data).toEqual([1, 2]);
    expect(seen.states).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open']);
  });

  it('has a position to resume from before its first event (PROTOCOL 4.3)', async () => {
    const first = scriptedStream();
    const world = new ScriptedWorld(first.response, scriptedStream().response);
    await listen(world);
    await first.write('id: e-9\n\n');
    await first.breakOff();
    await world.advance(500);
    expect(header(world, 1, 'Last-Event-ID')).toBe('e-9');
  });

  it('sends an ID beyond Latin-1 as UTF-8 bytes', async () => {
    const world = new ScriptedWorld(scriptedStream().response);
    await listen(world, { lastEventId: 'é👋' });
    const bytes = Uint8Array.from(header(world, 0, 'Last-Event-ID') ?? '', (char) => char.charCodeAt(0));
    expect(new TextDecoder().decode(bytes)).toBe('é👋');
  });

  it('waits longer after every failure, and starts over after a stable connection', async () => {
    const short = scriptedStream();
    const stable = scriptedStream();
    const world = new ScriptedWorld(
      new TypeError('refused'),
      status(503),
      short.response,
      stable.response,
      new TypeError('refused'),
    );
    world.randomValue = 0.999;
    const delays: number[] = [];
    const stream = createEventStream(url, { fetch: world.fetch, runtime: world.runtime });
    stream.subscribe({
      state: (state) => {
        if (state.status === 'waiting') delays.push(state.retryAt - world.nowMs);
      },
    });
    await settle();
    await world.advance(1_000);
    await world.advance(2_000);
    // One event does not prove stability: the connection dies at once.
    await short.write('data: 1\n\n');
    await short.end();
    await world.advance(4_000);
    await world.advance(10_000);
    await stable.end();
    await world.advance(1_000);
    expect(delays).toEqual([999, 1_998, 3_996, 999, 1_998]);
  });

  it('counts a server that sends one event and drops as failing: maxAttempts is reached', async () => {
    const world = new ScriptedWorld(
      ...Array.from({ length: 10 }, () => async () => {
        const server = scriptedStream();
        void server.write('data: 1\n\n').then(() => server.breakOff());
        return Promise.resolve(server.response);
      }),
    );
    const { seen } = await listen(world, { reconnect: { maxAttempts: 3 } });
    for (let second = 0; second < 30; second += 1) await world.advance(1_000);
    expect(seen.errors).toMatchObject([{ code: 'connection-closed' }]);
    expect(world.requests).toHaveLength(4);
  });

  it('honours Retry-After above the jitter, and retry: from the stream', async () => {
    const server = scriptedStream();
    const world = new ScriptedWorld(status(429, { 'Retry-After': '7' }), server.response, scriptedStream().response);
    const { stream } = await listen(world);
    expect(stream.state).toMatchObject({
      status: 'waiting',
      retryAt: world.nowMs + 7_500,
      error: { code: 'http-error', status: 429 },
    });
    await world.advance(7_500);
    await server.write('retry: 3000\ndata: 1\n\n');
    await world.advance(10_000);
    await server.end();
    expect(stream.state).toMatchObject({ status: 'waiting', retryAt: world.nowMs + 3_500 });
  });

  it('waits longer than a timer can be, if the server asks for it and maxServerDelayMs allows it', async () => {
    const longest = 2 ** 31 - 1;
    const world = new ScriptedWorld(status(503, { 'Retry-After': '3000000' }), scriptedStream().response);
    world.randomValue = 0;
    const { stream } = await listen(world, { reconnect: { maxServerDelayMs: Infinity } });
    await world.advance(longest);
    expect(stream.state).toMatchObject({ status: 'waiting', retryAt: world.nowMs + 3_000_000_000 - longest });
    await world.advance(3_000_000_000 - longest - 1);
    expect(world.requests).toHaveLength(1);
    await world.advance(1);
    expect(stream.state.status).toBe('open');
  });

  it('replaces a connection without bytes for two and a half heartbeats (PROTOCOL 3.2)', async () => {
    const server = scriptedStream({ 'Sillage-Heartbeat-Ms': '1000' });
    const world = new ScriptedWorld(server.response, scriptedStream().response);
    const { stream } = await listen(world);
    await world.advance(2_400);
    await server.write(':\n');
    await world.advance(2_400);
    expect(stream.state.status).toBe('open');
    await world.advance(100);
    expect(stream.state).toMatchObject({ status: 'waiting', error: { code: 'heartbeat-timeout' } });
    expect(world.requests[0]?.init.signal.aborted).toBe(true);
  });

  it('has no limit of silence if the server announced no heartbeat', async () => {
    const world = new ScriptedWorld(scriptedStream().response);
    const { stream } = await listen(world);
    await world.advance(86_400_000);
    expect(stream.state.status).toBe('open');
  });

  it('limits the time without an event if idleTimeoutMs is set, even if heartbeats arrive', async () => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const { stream } = await listen(world, { idleTimeoutMs: 5_000 });
    await world.advance(4_000);
    await server.write(':\n');
    await world.advance(1_000);
    expect(stream.state).toMatchObject({ status: 'waiting', error: { code: 'idle-timeout' } });
  });

  it("does not count the time of a slow subscriber as the server's silence", async () => {
    const server = scriptedStream({ 'Sillage-Heartbeat-Ms': '1000' });
    const world = new ScriptedWorld(server.response);
    const stream = createEventStream(url, { fetch: world.fetch, runtime: world.runtime });
    stream.subscribe({ next: () => new Promise(() => undefined) });
    await settle();
    await server.write('data: 1\n\n');
    await world.advance(60_000);
    expect(stream.state.status).toBe('open');
  });

  it('fails with "connection closed" if it may not reconnect', async () => {
    const server = scriptedStream();
    const { seen } = await listen(new ScriptedWorld(server.response), { reconnect: 'never' });
    await server.end();
    expect(seen.errors).toMatchObject([
      { code: 'connection-closed', message: expect.stringContaining('connection closed') as string },
    ]);
  });

  it('does not repeat a POST whose response had begun (PROTOCOL 8.12)', async () => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const { seen } = await listen(world, { body: '{"prompt":"hi"}', headers: { 'Content-Type': 'application/json' } });
    expect(world.requests[0]?.init).toMatchObject({ method: 'POST', body: '{"prompt":"hi"}' });
    await server.write('data: 1\n\n');
    await server.breakOff();
    expect(seen.errors).toMatchObject([{ code: 'connection-closed' }]);
    expect(world.requests).toHaveLength(1);
  });
});
