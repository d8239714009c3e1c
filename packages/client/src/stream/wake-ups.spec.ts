import { describe, expect, it } from 'vitest';
import { createEventStream } from './event-stream.ts';
import { browserLifecycle } from '../options/page-lifecycle.ts';
import { header, listen, status, url } from '../testing/listen.fixture.ts';
import { scriptedStream, ScriptedWorld, settle } from '../testing/scripted-world.fixture.ts';

describe('wake-ups', () => {
  it('start no attempt before the time that Retry-After asks for, even ten of them', async () => {
    const world = new ScriptedWorld(status(503, { 'Retry-After': '60' }), scriptedStream().response);
    const { stream } = await listen(world);
    for (let n = 0; n < 10; n += 1) {
      await world.advance(100);
      await world.wake();
    }
    expect(world.requests).toHaveLength(1);
    await world.advance(58_999);
    await world.wake();
    expect(world.requests).toHaveLength(1);
    await world.advance(1);
    await world.wake();
    expect(stream.state.status).toBe('open');
  });

  it('start at most one attempt in baseDelayMs: a network that flaps does not cause a storm', async () => {
    const world = new ScriptedWorld(...Array.from({ length: 20 }, () => new TypeError('refused')));
    world.randomValue = 0.999;
    await listen(world);
    for (let n = 0; n < 10; n += 1) {
      world.network = 'offline';
      world.network = 'online';
      await world.wake();
    }
    expect(world.requests).toHaveLength(1);
    await world.advance(1_000);
    for (let n = 0; n < 10; n += 1) await world.wake();
    expect(world.requests).toHaveLength(2);
  });

  it('shorten a long wait, and report the new time', async () => {
    const world = new ScriptedWorld(...Array.from({ length: 6 }, () => new TypeError('x')), scriptedStream().response);
    world.randomValue = 0.999;
    const { stream } = await listen(world);
    for (const ms of [1_000, 2_000, 4_000, 8_000, 16_000]) await world.advance(ms);
    expect(stream.state).toMatchObject({ status: 'waiting', attempt: 7 });
    await world.wake();
    expect(stream.state).toMatchObject({ status: 'waiting', attempt: 7, retryAt: world.nowMs + 1_000 });
    await world.advance(1_000);
    expect(stream.state.status).toBe('open');
  });

  it('do not disturb an attempt or an interaction', async () => {
    const world = new ScriptedWorld(() => new Promise<Response>(() => undefined));
    const { stream } = await listen(world);
    await world.wake();
    expect(world.requests).toHaveLength(1);
    expect(stream.state.status).toBe('connecting');
    stream.close();
  });

  it('make an open connection show that it is alive: without bytes it is replaced, without heartbeats too', async () => {
    const first = scriptedStream();
    const world = new ScriptedWorld(first.response, scriptedStream().response);
    const { stream, seen } = await listen(world);
    await first.write('id: e-1\ndata: 1\n\n');
    await world.wake();
    await world.advance(4_999);
    expect(stream.state.status).toBe('open');
    await world.advance(1);
    expect(stream.state).toMatchObject({ status: 'waiting', error: { code: 'heartbeat-timeout' } });
    await world.advance(1_000);
    expect(header(world, 1, 'Last-Event-ID')).toBe('e-1');
    expect(seen.states).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open']);
    stream.close();
    expect(world.held).toBe(0);
  });

  it('leave a connection alone that shows bytes, more than once', async () => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const { stream } = await listen(world);
    for (let n = 0; n < 3; n += 1) {
      await world.wake();
      await world.wake();
      await server.write(':\n');
      await world.advance(60_000);
      expect(stream.state.status).toBe('open');
    }
    expect(world.requests).toHaveLength(1);
  });

  it('may come in the callback of "open": the connection is checked, and kept if it shows bytes', async () => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const stream = createEventStream(url, { fetch: world.fetch, runtime: world.runtime });
    stream.subscribe({
      state: ({ status }) => {
        if (status === 'open') void world.wake();
      },
    });
    await settle();
    await server.write(':\n');
    await world.advance(60_000);
    expect(stream.state.status).toBe('open');
    expect(world.requests).toHaveLength(1);
    stream.close();
  });

  it('give a POST more time, and fail it if it stays silent', async () => {
    const world = new ScriptedWorld(scriptedStream().response);
    const { seen } = await listen(world, { body: 'x' });
    await world.wake();
    await world.advance(29_999);
    expect(seen.errors).toEqual([]);
    await world.advance(1);
    expect(seen.errors).toMatchObject([{ code: 'heartbeat-timeout' }]);
    expect(world.requests).toHaveLength(1);
  });
});

describe('a browser that reports no network', () => {
  it('is taken as a hint: the stream tries again after a while, and opens if the server is there', async () => {
    const world = new ScriptedWorld(new TypeError('refused'), new TypeError('refused'), scriptedStream().response);
    world.network = 'offline';
    const { seen } = await listen(world, { reconnect: { maxAttempts: 1 } });
    expect(seen.states).toEqual(['connecting', 'offline']);
    await world.advance(22_500);
    await world.advance(22_500);
    expect(seen.states).toEqual(['connecting', 'offline', 'connecting', 'offline', 'connecting', 'open']);
    expect(seen.errors).toEqual([]);
  });

  it('is believed when it says that the network is back', async () => {
    const world = new ScriptedWorld(new TypeError('offline'), scriptedStream().response);
    world.network = 'offline';
    const { seen, stream } = await listen(world);
    await world.advance(2_000);
    world.network = 'online';
    await world.wake();
    expect(seen.states).toEqual(['connecting', 'offline', 'connecting', 'open']);
    stream.close();
    expect(world.held).toBe(0);
  });

  it('shortens the slow tries on a wake-up, but not below the distance of two attempts', async () => {
    const world = new ScriptedWorld(new TypeError('offline'), scriptedStream().response);
    world.network = 'offline';
    const { stream } = await listen(world);
    await world.wake();
    expect(world.requests).toHaveLength(1);
    await world.advance(1_000);
    expect(stream.state.status).toBe('open');
  });
});

describe('the lifecycle of a page', () => {
  it('wakes on online, resume and a pageshow from the back/forward cache, and leaves no listener', () => {
    const target = Object.assign(new EventTarget(), { document: new EventTarget(), navigator: { onLine: false } });
    const lifecycle = browserLifecycle(target);
    let woken = 0;
    const stop = lifecycle.onWake(() => (woken += 1));
    const show = (persisted: boolean): Event => Object.assign(new Event('pageshow'), { persisted });
    target.dispatchEvent(new Event('online'));
    target.document.dispatchEvent(new Event('resume'));
    target.dispatchEvent(show(true));
    expect(woken).toBe(3);
    target.dispatchEvent(show(false));
    expect(woken).toBe(3);
    stop();
    target.dispatchEvent(new Event('online'));
    target.document.dispatchEvent(new Event('resume'));
    target.dispatchEvent(show(true));
    expect(woken).toBe(3);
    expect(lifecycle.network()).toBe('offline');
    target.navigator.onLine = true;
    expect(lifecycle.network()).toBe('online');
    expect(browserLifecycle({}).network()).toBe('online');
  });
});
