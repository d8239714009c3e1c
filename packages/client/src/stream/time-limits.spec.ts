import { describe, expect, it } from 'vitest';
import { header, listen, url } from '../testing/listen.fixture.ts';
import { scriptedStream, ScriptedWorld, settle, silentBody } from '../testing/scripted-world.fixture.ts';
import { createEventStream } from './event-stream.ts';

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

describe('time limits', () => {
  it('gives up a request that gets no response after connectTimeoutMs, and tries again', async () => {
    const world = new ScriptedWorld(() => never(), scriptedStream().response);
    const { stream } = await listen(world);
    await world.advance(29_999);
    expect(stream.state.status).toBe('connecting');
    await world.advance(1);
    expect(stream.state).toMatchObject({ status: 'waiting', error: { code: 'connect-timeout' } });
    expect(world.requests[0]?.init.signal.aborted).toBe(true);
    await world.advance(500);
    expect(stream.state.status).toBe('open');
    stream.close();
    expect(world.held).toBe(0);
  });

  it('has no limit if it is Infinity', async () => {
    const world = new ScriptedWorld(() => never());
    const { stream } = await listen(world, { connectTimeoutMs: Infinity });
    await world.advance(86_400_000);
    expect(stream.state.status).toBe('connecting');
  });

  it.each([
    ['accessToken', { accessToken: () => never<string>() }],
    ['headers', { headers: () => never<Headers>() }],
  ])('gives up a function %s that never settles after tokenTimeoutMs, and asks again', async (_, options) => {
    const world = new ScriptedWorld();
    const { stream } = await listen(world, { ...options, tokenTimeoutMs: 5_000 });
    await world.advance(5_000);
    expect(stream.state).toMatchObject({
      status: 'waiting',
      error: { code: 'token-unavailable', message: expect.stringContaining('Failed to acquire token') as string },
    });
    expect(world.requests).toEqual([]);
    stream.close();
    expect(world.held).toBe(0);
  });

  it('aborts the signal of the token request that it gives up', async () => {
    const signals: AbortSignal[] = [];
    const world = new ScriptedWorld();
    await listen(world, {
      accessToken: ({ signal }) => {
        signals.push(signal);
        return never();
      },
    });
    await world.advance(60_000);
    expect(signals[0]?.aborted).toBe(true);
  });

  it('waits for the body of a 503 for a limited time, and keeps its Retry-After', async () => {
    const endless = silentBody({ 'Retry-After': '2', 'Content-Type': 'application/problem+json' }, 503);
    const world = new ScriptedWorld(endless.response);
    const { stream } = await listen(world, { connectTimeoutMs: 1_000 });
    await world.advance(5_000);
    expect(stream.state).toMatchObject({
      status: 'waiting',
      retryAt: world.nowMs + 2_500,
      error: { code: 'http-error', status: 503 },
    });
    expect(endless.seen.cancelled).toBe(true);
  });

  it('takes the status of a refusal whose body breaks off or is endless', async () => {
    const broken = new Response(new ReadableStream({ pull: (controller) => controller.error(new Error('cut')) }), {
      status: 403,
    });
    expect((await listen(new ScriptedWorld(broken))).seen.errors).toMatchObject([{ status: 403, body: '' }]);
    let chunks = 0;
    const endless = new Response(
      new ReadableStream<Uint8Array>({
        pull: (controller) => {
          chunks += 1;
          controller.enqueue(new Uint8Array(1_024).fill(120));
        },
      }),
      { status: 403 },
    );
    const { seen } = await listen(new ScriptedWorld(endless));
    expect(seen.errors).toMatchObject([{ status: 403 }]);
    expect(chunks).toBeLessThan(20);
  });

  it.each(['connecting', 'open', 'waiting'] as const)('reconnect() works while the stream is %s', async (status) => {
    const first = scriptedStream();
    const answers = {
      connecting: () => never<Response>(),
      open: first.response,
      waiting: new TypeError('refused'),
    };
    const world = new ScriptedWorld(answers[status], scriptedStream().response);
    const { stream } = await listen(world);
    if (status === 'open') await first.write('id: e-7\ndata: 1\n\n');
    expect(stream.state.status).toBe(status);
    stream.reconnect();
    await settle();
    expect(stream.state.status).toBe('open');
    expect(world.requests).toHaveLength(2);
    expect(world.requests[0]?.init.signal.aborted).toBe(true);
    if (status === 'open') expect(header(world, 1, 'Last-Event-ID')).toBe('e-7');
    stream.close();
    stream.reconnect();
    await settle();
    expect(world.requests).toHaveLength(2);
    expect(world.held).toBe(0);
  });

  it('measures silence by the monotonic clock: a wall clock that jumps neither cuts a stream nor blinds it', async () => {
    const server = scriptedStream({ 'Sillage-Heartbeat-Ms': '1000' });
    const world = new ScriptedWorld(server.response);
    const { stream } = await listen(world, { idleTimeoutMs: 60_000 });
    world.wallOffsetMs = 3_600_000;
    await server.write(':\n');
    await world.advance(2_000);
    expect(stream.state.status).toBe('open');
    world.wallOffsetMs = -3_600_000;
    await server.write(':\n');
    await world.advance(2_500);
    expect(stream.state).toMatchObject({ status: 'waiting', error: { code: 'heartbeat-timeout' } });
  });

  it('reads a Retry-After date against the response, not against a clock that is wrong', async () => {
    const headers = { 'Retry-After': 'Thu, 26 Nov 2026 12:00:30 GMT', Date: 'Thu, 26 Nov 2026 12:00:00 GMT' };
    const world = new ScriptedWorld(new Response('', { status: 503, headers }));
    world.wallOffsetMs = -3_600_000;
    const { stream } = await listen(world);
    expect(stream.state).toMatchObject({ status: 'waiting', retryAt: world.runtime.now() + 30_500 });
  });
});

describe('a custom fetch that ignores the signal', () => {
  it('has its body cancelled when the stream closes, and when the heartbeat times out', async () => {
    const bodies = [silentBody({ 'Sillage-Heartbeat-Ms': '1000' }), silentBody()];
    const world = new ScriptedWorld();
    let requests = 0;
    const stream = createEventStream(url, {
      runtime: world.runtime,
      fetch: () => Promise.resolve(bodies[requests++]?.response ?? new Response()),
    });
    stream.subscribe({});
    await settle();
    await world.advance(2_500);
    expect(stream.state.status).toBe('waiting');
    expect(bodies[0]?.seen.cancelled).toBe(true);
    await world.advance(500);
    stream.close();
    await settle();
    expect(bodies[1]?.seen.cancelled).toBe(true);
    expect(world.held).toBe(0);
  });

  it('has the body of a response cancelled that comes after the stream was closed', async () => {
    const late = silentBody();
    const { promise, resolve } = Promise.withResolvers<Response>();
    const world = new ScriptedWorld();
    const stream = createEventStream(url, { runtime: world.runtime, fetch: () => promise });
    stream.subscribe({});
    await settle();
    stream.close();
    resolve(late.response);
    await settle();
    expect(late.seen.cancelled).toBe(true);
  });

  it('is not called if the stream was left before the token came', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const world = new ScriptedWorld();
    const { stop } = await listen(world, { accessToken: () => promise });
    stop();
    resolve('token');
    await settle();
    expect(world.requests).toEqual([]);
  });

  it('has a body cancelled that it returned after the attempt was given up', async () => {
    const late = silentBody();
    const { promise, resolve } = Promise.withResolvers<Response>();
    const world = new ScriptedWorld(
      () => promise,
      () => never(),
    );
    const { stream, seen } = await listen(world);
    await world.advance(30_000);
    await world.advance(500);
    resolve(late.response);
    await settle();
    expect(late.seen.cancelled).toBe(true);
    expect(seen.states.at(-1)).toBe('connecting');
    stream.close();
  });
});
