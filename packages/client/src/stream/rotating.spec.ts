import { describe, expect, it } from 'vitest';
import type { EventStreamOptions } from '../options/index.ts';
import { header, listen, status } from '../testing/listen.fixture.ts';
import { scriptedStream, ScriptedWorld, settle } from '../testing/scripted-world.fixture.ts';

/** A session of ten seconds: with the world's random value of 0.5, its successor is opened after 5.2 s. */
const tenSeconds = { 'Sillage-Session-Ms': '10000' };
const untilRotationMs = 5_200;

/** A stream with a position, whose successor is requested. */
async function rotating(options: EventStreamOptions = {}, ...later: ConstructorParameters<typeof ScriptedWorld>) {
  const old = scriptedStream(tenSeconds);
  const next = scriptedStream(tenSeconds);
  const world = new ScriptedWorld(old.response, ...(later.length === 0 ? [next.response] : later));
  const opened = await listen(world, { accessToken: () => `token-${world.requests.length}`, ...options });
  await old.write('id: 1\ndata: 1\n\n');
  await world.advance(untilRotationMs - 1);
  expect(world.requests).toHaveLength(1);
  await world.advance(1);
  return { old, next, world, ...opened };
}

describe('a rotation', () => {
  it('opens the successor before the announced end, with a new token and the position, and stays open', async () => {
    const { world, seen, stream } = await rotating();
    expect(world.requests).toHaveLength(2);
    expect(header(world, 1, 'Last-Event-ID')).toBe('1');
    expect(header(world, 1, 'Authorization')).toBe('Bearer token-1');
    expect([stream.state.status, seen.states]).toEqual(['open', ['connecting', 'open']]);
  });

  it('reads the old connection until the successor brings something, and delivers each event once and in order', async () => {
    const { old, next, world, seen, stream } = await rotating();
    await old.write('id: 2\ndata: 2\n\n');
    await next.write(':\n');
    await old.write('id: 3\ndata: 3\n\n');
    expect(world.requests[0]?.init.signal.aborted).toBe(false);
    await next.write('id: 2\ndata: 2\n\nid: 3\ndata: 3\n\nid: 4\ndata: 4\n\nid: 4\n\n');
    expect(world.requests[0]?.init.signal.aborted).toBe(true);
    await next.write('id: 5\ndata: 5\n\n');
    expect(seen.data).toEqual([1, 2, 3, 4, 5]);
    expect(seen.states).toEqual(['connecting', 'open']);
    expect(stream.lastEventId).toBe('5');
  });

  it('never moves the position back, and delivers what comes again under another ID', async () => {
    const { old, next, seen, stream } = await rotating();
    await old.write('id: 2\ndata: 2\n\nid: 3\ndata: 3\n\n');
    // A server that is behind the one of the old connection.
    await next.write('id: 2\ndata: 2\n\nid: 2\n\n');
    expect(stream.lastEventId).toBe('3');
    await next.write('id: 3\ndata: 3\n\nid: other-1\ndata: 3\n\n');
    expect(seen.data).toEqual([1, 2, 3, 3]);
    expect(stream.lastEventId).toBe('other-1');
  });

  it('hands over at a position as well, and tells the subscribers that ask', async () => {
    const { next, world, stream } = await rotating();
    let rotations = 0;
    stream.subscribe({ rotate: () => void (rotations += 1) });
    await next.write('id: 1\n\n');
    expect(rotations).toBe(1);
    expect(world.requests[0]?.init.signal.aborted).toBe(true);
  });

  it('continues with the successor if the old connection ends first', async () => {
    const { old, next, world, seen } = await rotating();
    await old.end();
    await next.write('id: 2\ndata: 2\n\n');
    expect([seen.data, seen.states, world.requests.length]).toEqual([[1, 2], ['connecting', 'open'], 2]);
  });

  it('continues with the successor if that is open and brings nothing for five seconds', async () => {
    const { world, seen } = await rotating();
    await world.advance(5_000);
    expect(world.requests.map(({ init }) => init.signal.aborted)).toEqual([true, false]);
    expect(seen.states).toEqual(['connecting', 'open']);
  });

  it('is connecting with the request that is under way if the old connection ends before there is an answer', async () => {
    const next = scriptedStream();
    const answer = Promise.withResolvers<Response>();
    const { old, world, seen } = await rotating({}, () => answer.promise);
    await old.write('id: 2\ndata: 2\n\n');
    await old.end();
    expect(seen.states).toEqual(['connecting', 'open', 'connecting']);
    answer.resolve(next.response);
    await settle();
    await next.write('id: 2\ndata: 2\n\nid: 3\ndata: 3\n\n');
    expect([seen.data, world.requests.length]).toEqual([[1, 2, 3], 2]);
    expect(seen.states).toEqual(['connecting', 'open', 'connecting', 'open']);
  });

  it('follows again, again before the end', async () => {
    const third = scriptedStream(tenSeconds);
    const second = scriptedStream(tenSeconds);
    const { world, seen } = await rotating({}, second.response, third.response);
    await second.write('id: 1\n\n');
    await world.advance(untilRotationMs);
    await third.write('id: 2\ndata: 2\n\n');
    expect([world.requests.length, seen.data, seen.states]).toEqual([3, [1, 2], ['connecting', 'open']]);
  });

  it('waits for a subscriber that works on the last event of the old connection', async () => {
    const slow = Promise.withResolvers<undefined>();
    const { old, next, stream, seen } = await rotating();
    const order: unknown[] = [];
    stream.subscribe({
      next: ({ id }) => {
        order.push(id);
        return id === '2' ? slow.promise : undefined;
      },
    });
    await old.write('id: 2\ndata: 2\n\nid: 3\ndata: 3\n\n');
    await next.write('id: 2\ndata: 2\n\nid: 3\ndata: 3\n\nid: 4\ndata: 4\n\n');
    expect(order).toEqual(['2']);
    slow.resolve(undefined);
    await settle();
    expect(order).toEqual(['2', '3', '4']);
    expect(seen.data).toEqual([1, 2, 3, 4]);
  });

  it('that begins before the last one is over repeats nothing: a subscriber still works on its event', async () => {
    const third = scriptedStream(tenSeconds);
    const second = scriptedStream(tenSeconds);
    const { old, world, stream, seen } = await rotating({}, second.response, third.response);
    const slow = Promise.withResolvers<undefined>();
    stream.subscribe({ next: ({ id }) => (id === '2' ? slow.promise : undefined) });
    await old.write('id: 2\ndata: 2\n\n');
    await second.write('id: 2\ndata: 2\n\nid: 3\ndata: 3\n\n');
    await world.advance(untilRotationMs);
    slow.resolve(undefined);
    await settle();
    await third.write('id: 3\ndata: 3\n\nid: 4\ndata: 4\n\n');
    expect(seen.data).toEqual([1, 2, 3, 4]);
  });

  it('ends with close() at any moment, and leaves nothing', async () => {
    const { world, stream } = await rotating();
    stream.close();
    expect(world.requests.map(({ init }) => init.signal.aborted)).toEqual([true, true]);
    expect(world.held).toBe(0);
  });

  it('that close() follows in the callback delivers nothing of the successor', async () => {
    const { next, world, stream, seen } = await rotating();
    stream.subscribe({ rotate: () => stream.close() });
    await next.write('id: 2\ndata: 2\n\n');
    expect([seen.data, world.held]).toEqual([[1], 0]);
  });

  it('is replaced by reconnect()', async () => {
    const third = scriptedStream();
    const { old, next, world, stream, seen } = await rotating({}, scriptedStream().response, third.response);
    await old.write('id: 2\ndata: 2\n\n');
    stream.reconnect();
    await settle();
    expect(world.requests.map(({ init }) => init.signal.aborted)).toEqual([true, true, false]);
    expect(header(world, 2, 'Last-Event-ID')).toBe('2');
    await third.write('id: 3\ndata: 3\n\n');
    expect(seen.data).toEqual([1, 2, 3]);
    expect(next).toBeDefined();
  });

  it('completes with its old connection, and cancels the successor', async () => {
    const { old, world, seen } = await rotating();
    await old.write('event: complete\ndata:\n\n');
    expect([seen.completions, world.held]).toEqual([1, 0]);
    expect(world.requests.map(({ init }) => init.signal.aborted)).toEqual([true, true]);
  });
});

describe('a gap of the successor (PROTOCOL 9.5)', () => {
  const gap = 'id: 3\nevent: gap\ndata: {"reason":"trimmed","after":"1"}\n\n';

  it('is not reported if the old connection has delivered what follows it', async () => {
    const { old, next, seen } = await rotating();
    await old.write('id: 2\ndata: 2\n\nid: 3\ndata: 3\n\nid: 4\ndata: 4\n\n');
    await next.write(`${gap}id: 4\ndata: 4\n\nid: 5\ndata: 5\n\n`);
    expect([seen.gaps, seen.data]).toEqual([[], [1, 2, 3, 4, 5]]);
  });

  it('is reported once, before the event that follows it, if something is lost', async () => {
    const { old, next, seen, stream } = await rotating();
    await old.write('id: 2\ndata: 2\n\n');
    await next.write(gap);
    expect(seen.gaps).toEqual([]);
    await next.write('id: 4\ndata: 4\n\nid: 5\ndata: 5\n\n');
    expect([seen.gaps, seen.data, stream.lastEventId]).toEqual([
      [{ reason: 'trimmed', after: '1' }],
      [1, 2, 4, 5],
      '5',
    ]);
  });

  it('is not reported at a position, which may be behind what the old connection has delivered', async () => {
    const { old, next, seen, stream } = await rotating();
    await old.write('id: 2\ndata: 2\n\nid: 5\ndata: 5\n\n');
    await next.write(`${gap}id: 4\n\n`);
    expect([seen.gaps, stream.lastEventId]).toEqual([[], '5']);
    await next.write('id: 5\ndata: 5\n\nid: 6\ndata: 6\n\n');
    expect([seen.gaps, seen.data, stream.lastEventId]).toEqual([[], [1, 2, 5, 6], '6']);
  });

  it('is reported at once if the old connection has delivered nothing meanwhile', async () => {
    const { next, seen } = await rotating();
    await next.write(gap);
    expect(seen.gaps).toHaveLength(1);
  });

  it('whose callback reconnects resumes after the event that is delivered with it', async () => {
    const third = scriptedStream();
    const second = scriptedStream();
    const { old, stream, seen, world } = await rotating({}, second.response, third.response);
    stream.subscribe({ gap: () => stream.reconnect() });
    await old.write('id: 2\ndata: 2\n\n');
    await second.write(`${gap}id: 4\ndata: 4\n\n`);
    expect(header(world, 2, 'Last-Event-ID')).toBe('4');
    expect(seen.data).toEqual([1, 2, 4]);
  });

  it('whose callback closes the stream delivers nothing more, and keeps the position', async () => {
    const { old, next, stream, seen } = await rotating();
    stream.subscribe({ gap: () => stream.close() });
    await old.write('id: 2\ndata: 2\n\n');
    await next.write(`${gap}id: 4\ndata: 4\n\n`);
    expect([seen.data, stream.lastEventId]).toEqual([[1, 2], '3']);
  });
});

describe('a successor that fails (PROTOCOL 9.6)', () => {
  it('leaves the old connection open, and is tried again after a wait that grows', async () => {
    const last = scriptedStream(tenSeconds);
    const { old, world, seen } = await rotating({}, new TypeError('away'), status(503), last.response);
    await world.advance(500);
    expect(world.requests).toHaveLength(3);
    await world.advance(999);
    expect(world.requests).toHaveLength(3);
    await world.advance(1);
    expect(world.requests).toHaveLength(4);
    await old.write('id: 2\ndata: 2\n\n');
    await last.write('id: 2\ndata: 2\n\nid: 3\ndata: 3\n\n');
    expect([seen.data, seen.states]).toEqual([
      [1, 2, 3],
      ['connecting', 'open'],
    ]);
  });

  it('waits as long as Retry-After says', async () => {
    const { world } = await rotating({}, status(503, { 'Retry-After': '2' }), scriptedStream().response);
    await world.advance(2_499);
    expect(world.requests).toHaveLength(2);
    await world.advance(1);
    expect(world.requests).toHaveLength(3);
  });

  it('with a 401 is tried again at once with another token, and what it demands', async () => {
    const challenge = `Bearer error="insufficient_claims", claims="${btoa('{"a":1}')}"`;
    const demands: unknown[] = [];
    const third = scriptedStream(tenSeconds);
    const { world, seen } = await rotating(
      {
        accessToken: ({ demand }) => {
          demands.push(demand?.claims);
          return `token-${demands.length}`;
        },
      },
      status(401, { 'WWW-Authenticate': challenge }),
      third.response,
    );
    await third.write('id: 2\ndata: 2\n\n');
    expect(demands).toEqual([undefined, undefined, '{"a":1}']);
    expect([world.requests.length, seen.data, seen.states]).toEqual([3, [1, 2], ['connecting', 'open']]);
  });

  it('with a 403 is not tried again: the stream learns of it when the old connection ends', async () => {
    const { old, world, seen } = await rotating({}, status(403), status(403));
    await world.advance(2_000);
    expect([world.requests.length, seen.states.at(-1)]).toEqual([2, 'open']);
    await old.write('id: 2\ndata: 2\n\n');
    await world.advance(2_800);
    await old.end();
    expect([seen.data, seen.errors.map(({ code }) => code)]).toEqual([[1, 2], ['http-error']]);
  });

  it('without a token times out, and the old connection stays', async () => {
    let calls = 0;
    const { world, seen } = await rotating({
      tokenTimeoutMs: 1_000,
      accessToken: () => ((calls += 1) === 1 ? 'first' : new Promise<string>(() => undefined)),
    });
    await world.advance(1_000);
    expect([world.requests.length, seen.states.at(-1)]).toEqual([1, 'open']);
    await world.advance(500);
    expect(calls).toBe(3);
  });

  it('is given up when more events arrive meanwhile than are remembered', async () => {
    const answer = Promise.withResolvers<Response>();
    const { old, world, seen } = await rotating({}, () => answer.promise, scriptedStream().response);
    const events = Array.from({ length: 16_385 }, (_, index) => `id: ${index + 2}\ndata: ${index + 2}\n\n`);
    await old.write(events.join(''));
    expect(seen.data).toHaveLength(16_386);
    expect(world.requests[1]?.init.signal.aborted).toBe(true);
    expect(seen.states).toEqual(['connecting', 'open']);
  });
});

describe('a stream that cannot rotate', () => {
  it.each<[string, EventStreamOptions]>([
    ['with a method that may not be repeated', { method: 'POST', body: '{}' }],
    ['that never reconnects', { reconnect: 'never' }],
  ])('%s opens no second connection', async (_, options) => {
    const old = scriptedStream(tenSeconds);
    const world = new ScriptedWorld(old.response);
    await listen(world, options);
    await old.write('id: 1\ndata: 1\n\n');
    await world.advance(9_999);
    expect(world.requests).toHaveLength(1);
  });

  it('without a position reconnects at the announced end', async () => {
    const old = scriptedStream(tenSeconds);
    const world = new ScriptedWorld(old.response, scriptedStream().response);
    const { seen } = await listen(world);
    await old.write('data: 1\n\n');
    await world.advance(10_000);
    expect(world.requests).toHaveLength(1);
    await old.end();
    expect([world.requests.length, seen.states]).toEqual([2, ['connecting', 'open', 'connecting', 'open']]);
  });

  it('at a server that announces no end stays on its connection', async () => {
    const old = scriptedStream();
    const world = new ScriptedWorld(old.response);
    await listen(world);
    await old.write('id: 1\ndata: 1\n\n');
    await world.advance(100_000_000);
    expect(world.requests).toHaveLength(1);
  });
});

describe('the event "rotate" (PROTOCOL 9.3)', () => {
  it('begins a rotation at a random time within the time that it gives, and is not delivered', async () => {
    const old = scriptedStream();
    const world = new ScriptedWorld(old.response, scriptedStream().response);
    const { seen } = await listen(world);
    await old.write('id: 1\ndata: 1\n\nevent: rotate\ndata: {"withinMs":4000}\n\n');
    await world.advance(1_999);
    expect(world.requests).toHaveLength(1);
    await world.advance(1);
    expect([world.requests.length, seen.data, header(world, 1, 'Last-Event-ID')]).toEqual([2, [1], '1']);
  });

  it('on every connection is followed a limited number of times', async () => {
    const asking = (): Response => {
      const connection = scriptedStream();
      void connection.write('event: rotate\ndata: {"withinMs":0}\n\n');
      return connection.response;
    };
    const first = scriptedStream();
    const world = new ScriptedWorld(first.response, ...Array.from({ length: 100 }, () => asking));
    await listen(world);
    await first.write('id: 1\ndata: 1\n\nevent: rotate\ndata: {"withinMs":0}\n\n');
    for (let ms = 0; ms < 1_000; ms += 10) await world.advance(10);
    expect(world.requests.length).toBeLessThanOrEqual(6);
  });

  it.each(['{"withinMs":"soon"}', '{"withinMs":-1}', 'now', '{}'])('with %s is an ordinary event', async (data) => {
    const old = scriptedStream();
    const world = new ScriptedWorld(old.response);
    const { seen } = await listen(world);
    await old.write(`id: 1\nevent: rotate\ndata: ${data}\n\n`);
    expect(seen.events.map(({ type }) => type)).toEqual(['rotate']);
  });

  it('is an ordinary event if it is not among reservedEvents', async () => {
    const old = scriptedStream();
    const world = new ScriptedWorld(old.response);
    const { seen } = await listen(world, { reservedEvents: ['complete', 'gap', 'failure'] });
    await old.write('id: 1\nevent: rotate\ndata: {"withinMs":1}\n\n');
    await world.advance(10);
    expect([seen.events.length, world.requests.length]).toEqual([1, 1]);
  });
});
