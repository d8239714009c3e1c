import { describe, expect, it } from 'vitest';
import { url } from '../testing/listen.fixture.ts';
import { scriptedStream, ScriptedWorld, settle, silentBody } from '../testing/scripted-world.fixture.ts';
import { createEventStream, type EventStream } from './event-stream.ts';
import type { StreamObserver } from './observer.ts';

/** Subscribes with callbacks that know the stream. */
function open(world: ScriptedWorld, observer: (stream: EventStream) => StreamObserver<unknown>, options = {}) {
  const stream = createEventStream(url, { fetch: world.fetch, runtime: world.runtime, ...options });
  const subscription = { stop: (): void => undefined };
  const stop = stream.subscribe(observer(stream));
  subscription.stop = stop;
  return stream;
}

describe('calls from callbacks', () => {
  it('sends no request if the stream is closed in the callback of "connecting"', async () => {
    const world = new ScriptedWorld(scriptedStream().response);
    const stream = open(world, (self) => ({ state: ({ status }) => status === 'connecting' && self.close() }));
    await settle();
    expect(stream.state).toEqual({ status: 'closed', reason: 'closed' });
    expect(world.requests).toEqual([]);
    expect(world.held).toBe(0);
  });

  it('calls no accessToken function after close() in the callback of "connecting"', async () => {
    let asked = 0;
    const world = new ScriptedWorld();
    open(world, (self) => ({ state: ({ status }) => status === 'connecting' && self.close() }), {
      accessToken: () => `token-${(asked += 1)}`,
    });
    await settle();
    expect(asked).toBe(0);
  });

  it('sends no request if accessToken, headers or the custom fetch close the stream', async () => {
    const world = new ScriptedWorld(scriptedStream().response, scriptedStream().response);
    const first: EventStream = createEventStream(url, {
      fetch: world.fetch,
      runtime: world.runtime,
      accessToken: () => {
        first.close();
        return 'token';
      },
    });
    first.subscribe({});
    const second: EventStream = createEventStream(url, {
      fetch: world.fetch,
      runtime: world.runtime,
      headers: () => {
        second.close();
        return {};
      },
    });
    second.subscribe({});
    await settle();
    expect(world.requests).toEqual([]);
    expect(world.held).toBe(0);
  });

  it('calls no function and requests no ticket after accessToken or headers close the stream', async () => {
    for (const closer of ['accessToken', 'headers'] as const) {
      const called: string[] = [];
      const world = new ScriptedWorld(Response.json({ ticket: 'a' }), scriptedStream().response);
      const call = (name: 'accessToken' | 'headers'): void => {
        called.push(name);
        if (name === closer) stream.close();
      };
      const stream: EventStream = createEventStream(url, {
        fetch: world.fetch,
        runtime: world.runtime,
        tokenTransport: 'ticket',
        ticketUrl: new URL('/tickets', url),
        accessToken: () => {
          call('accessToken');
          return 'token';
        },
        headers: () => {
          call('headers');
          return {};
        },
      });
      stream.subscribe({});
      await settle();
      expect(called).toEqual(closer === 'accessToken' ? ['accessToken'] : ['accessToken', 'headers']);
      expect(world.requests).toEqual([]);
      expect(world.reported).toEqual([]);
    }
  });

  it('cancels the body if the stream is closed in the callback of "open"', async () => {
    const { seen, response } = silentBody({ 'Sillage-Heartbeat-Ms': '1000' });
    const world = new ScriptedWorld();
    // A fetch that ignores the signal.
    const fetch = () => Promise.resolve(response);
    open(world, (self) => ({ state: ({ status }) => status === 'open' && self.close() }), { fetch });
    await settle();
    expect(seen.cancelled).toBe(true);
    expect(world.held).toBe(0);
    expect(world.reported).toEqual([]);
  });

  it('keeps no timer if the stream is closed, or the last subscriber leaves, in the callback of "waiting"', async () => {
    for (const leave of ['close', 'unsubscribe'] as const) {
      const world = new ScriptedWorld(new TypeError('refused'));
      let stop: () => void = () => undefined;
      const stream = createEventStream(url, { fetch: world.fetch, runtime: world.runtime });
      stop = stream.subscribe({
        state: ({ status }) => {
          if (status !== 'waiting') return;
          if (leave === 'close') stream.close();
          else stop();
        },
      });
      await settle();
      expect(stream.state.status).toBe('closed');
      expect(world.held).toBe(0);
      await world.advance(3_600_000);
      expect(world.requests).toHaveLength(1);
    }
  });

  it('reconnects at once if reconnect() is called in the callback of "waiting"', async () => {
    const world = new ScriptedWorld(new TypeError('refused'), scriptedStream().response);
    const stream = open(world, (self) => ({ state: ({ status }) => status === 'waiting' && self.reconnect() }));
    await settle();
    expect(stream.state.status).toBe('open');
    expect(world.requests).toHaveLength(2);
  });

  it('tells another subscriber only the end if one closes the stream in next, and delivers nothing after it', async () => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const stream = createEventStream(url, { fetch: world.fetch, runtime: world.runtime });
    const told: string[] = [];
    const record = (name: string): StreamObserver<unknown> => ({
      next: ({ data }) => {
        told.push(`${name} event ${String(data)}`);
        if (name === 'A') stream.close();
      },
      state: ({ status }) => {
        if (status === 'closed') told.push(`${name} closed`);
      },
      position: (id) => void told.push(`${name} position ${id}`),
    });
    stream.subscribe(record('A'));
    stream.subscribe(record('B'));
    await settle();
    await server.write('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n');
    expect(told).toEqual(['A event 1', 'A closed', 'B closed']);
    expect(stream.lastEventId).toBe('1');
  });

  it('tells every subscriber the same order if one reconnects in next', async () => {
    const [first, second] = [scriptedStream(), scriptedStream()];
    const world = new ScriptedWorld(first.response, second.response);
    const stream = createEventStream(url, { fetch: world.fetch, runtime: world.runtime });
    const told: Record<string, string[]> = { A: [], B: [] };
    const record = (name: string): StreamObserver<unknown> => ({
      next: ({ data }) => {
        told[name]?.push(`event ${String(data)}`);
        if (name === 'A' && data === 1) stream.reconnect();
      },
      state: ({ status }) => void told[name]?.push(status),
    });
    stream.subscribe(record('A'));
    stream.subscribe(record('B'));
    await settle();
    await first.write('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n');
    await second.write('id: 2\ndata: 2\n\n');
    expect(told.A).toEqual(['connecting', 'open', 'event 1', 'connecting', 'open', 'event 2']);
    expect(told.B).toEqual(told.A?.slice(1));
    expect(world.requests[1]?.init.headers.get('Last-Event-ID')).toBe('1');
    stream.close();
  });

  it('delivers nothing to a subscriber that another one unsubscribed in next', async () => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const stream = createEventStream(url, { fetch: world.fetch, runtime: world.runtime });
    const events: string[] = [];
    let stopB: () => void = () => undefined;
    stream.subscribe({ next: () => stopB() });
    stopB = stream.subscribe({ next: () => void events.push('B') });
    await settle();
    await server.write('data: 1\n\n');
    expect(events).toEqual([]);
    expect(stream.state.status).toBe('open');
    stream.close();
  });

  it('tells the end once, to a subscriber that unsubscribes or subscribes in its callbacks too', async () => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const stream = createEventStream(url, { fetch: world.fetch, runtime: world.runtime });
    const ends: string[] = [];
    const stop = stream.subscribe({
      state: ({ status }) => status === 'closed' && stop(),
      complete: () => void ends.push('unsubscribed'),
    });
    stream.subscribe({
      complete: () => {
        ends.push('first');
        stream.subscribe({ complete: () => void ends.push('late') });
      },
    });
    await settle();
    await server.write('event: complete\ndata:\n\n');
    expect(ends).toEqual(['first', 'late']);
    expect(world.held).toBe(0);
  });

  it('delivers the end to a subscriber of a stream that has ended, whatever ended it', async () => {
    const closed = createEventStream(url, { signal: AbortSignal.abort() });
    const states: unknown[] = [];
    closed.subscribe({ state: (state) => void states.push(state) })();
    expect(states).toEqual([{ status: 'closed', reason: 'closed' }]);
    const failed = createEventStream(url, { fetch: new ScriptedWorld(new Response('', { status: 403 })).fetch });
    failed.subscribe({});
    await settle();
    const errors: unknown[] = [];
    failed.subscribe({ error: (error) => void errors.push(error) });
    expect(errors).toMatchObject([{ code: 'http-error', status: 403 }]);
  });

  it('continues if the error reporter itself throws', async () => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const data: unknown[] = [];
    const stream = createEventStream(url, {
      fetch: world.fetch,
      runtime: {
        ...world.runtime,
        reportError: () => {
          throw new Error('the reporter is broken');
        },
      },
    });
    stream.subscribe({
      next: (event) => {
        data.push(event.data);
        throw new Error('the subscriber is broken');
      },
    });
    await settle();
    await server.write('data: 1\n\ndata: 2\n\n');
    expect(data).toEqual([1, 2]);
    stream.close();
    expect(world.held).toBe(0);
  });
});
