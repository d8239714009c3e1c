import { describe, expect, it } from 'vitest';
import type { SseEvent } from '../event.ts';
import { listen, status, url } from '../testing/listen.fixture.ts';
import { scriptedStream, ScriptedWorld, settle } from '../testing/scripted-world.fixture.ts';
import { EventIterator, type EventIteratorOptions, type IteratedStream } from './event-iterator.ts';
import { createEventStream } from './event-stream.ts';
import type { StreamObserver } from './observer.ts';

const events = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, n) => `id: ${from + n}\ndata: ${from + n}\n\n`).join('');

function open(options = {}) {
  const server = scriptedStream();
  const world = new ScriptedWorld(server.response);
  const stream = createEventStream<number>(url, { fetch: world.fetch, runtime: world.runtime, ...options });
  return { server, world, stream };
}

const dataOf = ({ value }: IteratorResult<SseEvent<number>, undefined>): number | undefined => value?.data;

describe('an iterator', () => {
  it('keeps the ID of the event that the loop was left after', async () => {
    const { server, world, stream } = open();
    const loop = (async () => {
      for await (const { data } of stream) if (data === 2) break;
    })();
    await settle();
    await server.write(events(1, 4));
    await loop;
    expect(stream.lastEventId).toBe('2');
    expect(stream.state).toEqual({ status: 'closed', reason: 'closed' });
    expect(world.held).toBe(0);
  });

  it('keeps the ID of the last event if all were read', async () => {
    const { server, stream } = open();
    const iterator = stream.events();
    const first = iterator.next();
    await settle();
    await server.write('id: 0\n\n' + events(1, 1) + 'id: 1-b\n\n');
    expect(dataOf(await first)).toBe(1);
    expect(stream.lastEventId).toBe('1-b');
    await iterator.return?.();
    expect(stream.lastEventId).toBe('1-b');
  });

  it('knows the position before its first event', async () => {
    const { server, stream } = open();
    const iterator = stream.events();
    void iterator.next();
    await settle();
    await server.write(events(1, 1));
    await server.write('id: 1-b\n\n' + events(2, 3));
    expect(stream.lastEventId).toBe('1-b');
    stream.close();
  });

  it('keeps the ID of the iterator that is the furthest behind', async () => {
    const { server, stream } = open();
    const [slow, fast] = [stream.events(), stream.events()];
    const first = [slow.next(), fast.next()];
    await settle();
    await server.write(events(1, 4));
    await Promise.all(first);
    await fast.next();
    expect(stream.lastEventId).toBe('1');
    await slow.next();
    await slow.next();
    expect(stream.lastEventId).toBe('2');
    stream.close();
  });

  it('return() ends a pending next(), and the stream', async () => {
    const { world, stream } = open();
    const iterator = stream.events();
    const [first, second] = [iterator.next(), iterator.next()];
    await settle();
    await expect(iterator.return?.()).resolves.toEqual({ done: true, value: undefined });
    await expect(first).resolves.toEqual({ done: true, value: undefined });
    await expect(second).resolves.toEqual({ done: true, value: undefined });
    await expect(iterator.next()).resolves.toEqual({ done: true, value: undefined });
    expect(stream.state.status).toBe('closed');
    expect(world.held).toBe(0);
  });

  it('throw() rejects and leaves; return() before next() requests nothing', async () => {
    const { world, stream } = open();
    const iterator = stream.events();
    await expect(iterator.throw?.(new Error('mine'))).rejects.toThrow('mine');
    await expect(iterator.next()).resolves.toEqual({ done: true, value: undefined });
    expect(world.requests).toEqual([]);
    expect(stream.state.status).toBe('idle');
  });

  it('answers several pending calls of next() in their order', async () => {
    const { server, stream } = open();
    const iterator = stream.events();
    const pending = [iterator.next(), iterator.next(), iterator.next()];
    await settle();
    await server.write(events(1, 3));
    expect((await Promise.all(pending)).map(dataOf)).toEqual([1, 2, 3]);
    stream.close();
  });

  it('returns what is queued before the end, and throws the error of a failed stream once', async () => {
    const { server, stream } = open();
    const iterator = stream.events();
    const first = iterator.next();
    await settle();
    await server.write(events(1, 3) + 'event: failure\ndata: {"code":"x","message":"y"}\n\n');
    expect(dataOf(await first)).toBe(1);
    expect(dataOf(await iterator.next())).toBe(2);
    expect(dataOf(await iterator.next())).toBe(3);
    await expect(iterator.next()).rejects.toMatchObject({ code: 'stream-failed' });
    await expect(iterator.next()).resolves.toEqual({ done: true, value: undefined });
  });

  it.each([
    ['a stream that was aborted', () => createEventStream(url, { signal: AbortSignal.abort() }), undefined],
    [
      'a stream that was closed',
      () => {
        const { stream } = open();
        stream.close();
        return stream;
      },
      undefined,
    ],
  ])('ends at once on %s', async (_, create) => {
    const seen: unknown[] = [];
    for await (const event of create()) seen.push(event);
    expect(seen).toEqual([]);
  });

  it('throws the error of a stream that has failed before', async () => {
    const { stream } = await listen(new ScriptedWorld(status(403)));
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'http-error', status: 403 });
  });

  it('ends the loop when the stream is closed elsewhere', async () => {
    const { stream } = open();
    const next = stream.events().next();
    await settle();
    stream.close();
    await expect(next).resolves.toEqual({ done: true, value: undefined });
  });
});

describe('an iterator and gaps', () => {
  const gap = 'id: n-0\nevent: gap\ndata: {"reason":"epoch","after":"old-7"}\n\n';

  it('calls onGap between the events around the gap', async () => {
    const { server, stream } = open();
    const order: unknown[] = [];
    const loop = (async () => {
      for await (const { data } of stream.events({ onGap: ({ reason }) => order.push(reason) })) {
        order.push(data);
        if (data === 3) break;
      }
    })();
    await settle();
    await server.write(gap + events(1, 2) + gap + events(3, 3));
    await loop;
    expect(order).toEqual(['epoch', 1, 2, 'epoch', 3]);
  });

  it('throws a GapError without onGap, at the place of the gap', async () => {
    const { server, world, stream } = open();
    const iterator = stream.events();
    const first = iterator.next();
    await settle();
    await server.write(events(1, 2) + gap + events(3, 3));
    expect(dataOf(await first)).toBe(1);
    expect(dataOf(await iterator.next())).toBe(2);
    await expect(iterator.next()).rejects.toMatchObject({ code: 'gap', gap: { reason: 'epoch', after: 'old-7' } });
    await expect(iterator.next()).resolves.toEqual({ done: true, value: undefined });
    expect(stream.state.status).toBe('closed');
    expect(world.held).toBe(0);
  });

  it('throws a GapError to a pending next()', async () => {
    const { server, stream } = open();
    const rejection = expect(stream.events().next()).rejects.toMatchObject({ code: 'gap' });
    await settle();
    await server.write(gap);
    await rejection;
    expect(stream.state.status).toBe('closed');
  });

  it('reports an exception of onGap and continues', async () => {
    const { server, world, stream } = open();
    const broken = new Error('in my own code');
    const next = stream
      .events({
        onGap: () => {
          throw broken;
        },
      })
      .next();
    await settle();
    await server.write(gap + events(1, 1));
    expect(dataOf(await next)).toBe(1);
    expect(world.reported).toEqual([broken]);
    stream.close();
  });
});

describe("an iterator's queue", () => {
  it('pauses the connection when it is full, and loses nothing', async () => {
    const { server, stream } = open();
    const iterator = stream.events({ maxQueuedEvents: 4 });
    const first = iterator.next();
    await settle();
    await server.write(events(1, 20));
    const more = server.write(events(21, 22));
    const taken = [dataOf(await first)];
    while (taken.length < 22) {
      taken.push(dataOf(await iterator.next()));
      await settle();
    }
    await more;
    expect(taken).toEqual(Array.from({ length: 22 }, (_, n) => n + 1));
    stream.close();
  });

  it('does not hold up other subscribers: a full queue fails the iterator after what it holds', async () => {
    const { server, world, stream } = open();
    const seen: number[] = [];
    stream.subscribe({ next: ({ data }) => void seen.push(data) });
    const iterator = stream.events({ maxQueuedEvents: 4 });
    const first = iterator.next();
    await settle();
    await server.write(events(1, 10));
    void server.write(events(11, 12));
    await settle();
    expect(seen).toHaveLength(10);
    await world.advance(0);
    expect(seen).toHaveLength(12);
    expect(stream.lastEventId).toBe('1');
    expect(dataOf(await first)).toBe(1);
    for (let n = 2; n <= 10; n += 1) expect(dataOf(await iterator.next())).toBe(n);
    await expect(iterator.next()).rejects.toMatchObject({ code: 'slow-consumer' });
    expect(stream.state.status).toBe('open');
    expect(stream.lastEventId).toBe('12');
    stream.close();
    expect(world.held).toBe(0);
  });

  it('is not failed by one large chunk if it reads the events in the same turn', async () => {
    const { server, world, stream } = open();
    stream.subscribe({});
    const taken: number[] = [];
    const loop = (async () => {
      for await (const { data } of stream.events({ maxQueuedEvents: 4 })) {
        taken.push(data);
        if (data === 100) break;
      }
    })();
    await settle();
    await server.write(events(1, 60));
    await world.advance(0);
    await server.write(events(61, 100));
    await world.advance(0);
    await loop;
    expect(taken).toHaveLength(100);
    stream.close();
  });

  it('leaves no timer if the stream is closed in that turn', async () => {
    const { server, world, stream } = open();
    stream.subscribe({});
    void stream.events({ maxQueuedEvents: 1 }).next();
    await settle();
    await server.write(events(1, 5));
    stream.close();
    expect(world.held).toBe(0);
  });

  it('does not hold up a subscriber that joins while it pauses', async () => {
    const { server, stream } = open();
    const iterator = stream.events({ maxQueuedEvents: 2 });
    void iterator.next();
    await settle();
    await server.write(events(1, 5));
    const more = server.write(events(6, 6));
    const seen: number[] = [];
    stream.subscribe({ next: ({ data }) => void seen.push(data) });
    await more;
    expect(seen).toEqual([6]);
    stream.close();
  });

  it('"fail" fails the only subscriber too; its position is the last event that it returned', async () => {
    const { server, world, stream } = open();
    const iterator = stream.events({ maxQueuedEvents: 2, overflow: 'fail' });
    const first = iterator.next();
    await settle();
    await server.write(events(1, 4));
    await world.advance(0);
    await first;
    for (const n of [2, 3, 4]) expect(dataOf(await iterator.next())).toBe(n);
    await expect(iterator.next()).rejects.toMatchObject({ code: 'slow-consumer' });
    expect(stream.state.status).toBe('closed');
  });

  it('"drop-oldest" keeps the newest events', async () => {
    const { server, stream } = open();
    const iterator = stream.events({ maxQueuedEvents: 2, overflow: 'drop-oldest' });
    const first = iterator.next();
    await settle();
    await server.write(events(1, 10));
    await first;
    expect([dataOf(await iterator.next()), dataOf(await iterator.next())]).toEqual([9, 10]);
    stream.close();
  });

  it('an iterator that is not read stalls nobody', async () => {
    const { server, stream } = open();
    const seen: number[] = [];
    stream.subscribe({ next: ({ data }) => void seen.push(data) });
    stream.events();
    await settle();
    await server.write(events(1, 50));
    expect(seen).toHaveLength(50);
    stream.close();
  });

  it('continues to read if its pause ends because it leaves', async () => {
    const { server, stream } = open();
    const seen: number[] = [];
    const iterator = stream.events({ maxQueuedEvents: 1 });
    const first = iterator.next();
    await settle();
    await server.write(events(1, 5));
    await first;
    const other = stream.events();
    const next = other.next();
    const more = server.write(events(6, 6));
    await iterator.return?.();
    await more;
    seen.push(dataOf(await next) ?? 0);
    expect(seen).toEqual([6]);
    stream.close();
  });

  it.each([0, -1, NaN])('refuses maxQueuedEvents %s', (maxQueuedEvents) => {
    expect(() => open().stream.events({ maxQueuedEvents })).toThrow(/maxQueuedEvents/);
  });

  it('reads 100,000 events in order, however they are cut', async () => {
    const { server, stream } = open();
    let expected = 1;
    const loop = (async () => {
      for await (const { data } of stream) {
        if (data !== expected) throw new Error(`Expected ${expected}, but it is ${data}.`);
        if (data === 100_000) break;
        expected += 1;
      }
    })();
    await settle();
    const text = events(1, 100_000);
    for (let at = 0; at < text.length; at += 65_536) void server.write(text.slice(at, at + 65_536));
    await loop;
    expect(expected).toBe(100_000);
  });
});

/** An iterator over a stream that the test plays. */
function iterate(
  options: EventIteratorOptions = {},
  subscribers = 1,
  whenSubscribed: (observer: StreamObserver<number>) => void = () => undefined,
) {
  const seen = { pauses: 0, resumed: 0, left: [] as string[], unsubscribed: 0 };
  const turns = new Set<() => void>();
  let observer: StreamObserver<number> = {};
  const stream: IteratedStream<number> = {
    position: 'before',
    subscribers,
    subscribe: (subscribed) => {
      observer = subscribed;
      whenSubscribed(observer);
      return () => void (seen.unsubscribed += 1);
    },
    done: (unread) => {
      if (unread !== undefined) seen.left.push(unread);
    },
    pause: (ready) => {
      seen.pauses += 1;
      void ready.then(() => (seen.resumed += 1));
    },
    nextTurn: (callback) => {
      turns.add(callback);
      return () => turns.delete(callback);
    },
    reportError: () => undefined,
  };
  const iterator = new EventIterator<number>(stream, options);
  const send = (from: number, to: number): void => {
    for (let data = from; data <= to; data += 1) observer.next?.({ id: String(data), type: 'message', data });
  };
  const turn = async (): Promise<void> => {
    for (const callback of turns) callback();
    turns.clear();
    await settle();
  };
  return { iterator, seen, turns, send, turn, observer: () => observer };
}

describe('the pause of a full queue', () => {
  it('ends when half of the queue is read, and not before', async () => {
    const { iterator, seen, turns, send } = iterate({ maxQueuedEvents: 4 });
    const first = iterator.next();
    send(1, 5);
    expect(seen.pauses).toBe(0);
    send(6, 8);
    expect(seen.pauses).toBe(1);
    expect(turns.size).toBe(0);
    await first;
    for (let n = 2; n <= 5; n += 1) await iterator.next();
    await settle();
    expect(iterator.queued).toBe(3);
    expect(seen.resumed).toBe(0);
    await iterator.next();
    await settle();
    expect(iterator.queued).toBe(2);
    expect(seen.resumed).toBe(1);
  });

  it('counts only the events that wait: those that were read do not fill the queue', async () => {
    const { iterator, seen, send } = iterate({ maxQueuedEvents: 4 });
    const first = iterator.next();
    send(1, 5);
    await first;
    for (let n = 6; n <= 20; n += 1) {
      await iterator.next();
      send(n, n);
    }
    expect(iterator.queued).toBe(4);
    expect(seen.pauses).toBe(0);
  });

  it.each(['return', 'close'] as const)('ends when the iterator is left by %s', async (end) => {
    const { iterator, seen, send, observer } = iterate({ maxQueuedEvents: 2 });
    void iterator.next();
    send(1, 5);
    expect(seen).toMatchObject({ pauses: 1, resumed: 0 });
    if (end === 'return') await iterator.return();
    else observer().state?.({ status: 'closed', reason: 'closed' });
    await settle();
    expect(seen.resumed).toBe(1);
  });

  it('ends in the next turn of the event loop with other subscribers, and fails no iterator that caught up', async () => {
    const { iterator, seen, send, turn } = iterate({ maxQueuedEvents: 4 }, 2);
    const first = iterator.next();
    send(1, 7);
    await first;
    for (let n = 2; n <= 3; n += 1) await iterator.next();
    expect(iterator.queued).toBe(4);
    await turn();
    expect(seen).toMatchObject({ pauses: 1, resumed: 1, unsubscribed: 0 });
    for (let n = 4; n <= 7; n += 1) expect(dataOf(await iterator.next())).toBe(n);
    send(8, 13);
    await turn();
    expect(seen).toMatchObject({ pauses: 2, resumed: 2, unsubscribed: 1 });
  });
});

describe('an iterator that ends', () => {
  it('unsubscribes if the stream ends while it subscribes', async () => {
    const { iterator, seen } = iterate({}, 1, (observer) => {
      observer.state?.({ status: 'closed', reason: 'completed' });
    });
    await expect(iterator.next()).resolves.toEqual({ done: true, value: undefined });
    expect(seen.unsubscribed).toBe(1);
  });

  it('throws the first reason, if another one follows', async () => {
    const { iterator, send, turn, observer, seen } = iterate({ maxQueuedEvents: 1, overflow: 'fail' }, 2);
    void iterator.next();
    send(1, 3);
    await turn();
    observer().state?.({ status: 'closed', reason: 'closed' });
    for (const n of [2, 3]) expect(dataOf(await iterator.next())).toBe(n);
    await expect(iterator.next()).rejects.toMatchObject({ code: 'slow-consumer' });
    expect(seen.unsubscribed).toBe(1);
  });

  it('reports the position of its last event if it leaves unread events, after a failure too', async () => {
    const empty = iterate();
    void empty.iterator.next();
    empty.send(1, 1);
    await empty.iterator.return();
    expect(empty.seen.left).toEqual([]);

    const failed = iterate({ maxQueuedEvents: 1, overflow: 'fail' });
    void failed.iterator.next();
    failed.send(1, 3);
    await failed.turn();
    await failed.iterator.return();
    expect(failed.seen.left).toEqual(['before']);

    const only = iterate();
    void only.iterator.next();
    only.send(1, 3);
    await only.iterator.next();
    await only.iterator.return();
    expect(only.seen.left).toEqual(['2']);
  });
});
