import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from '../headers/index.ts';
import { requestTicketUrl } from '../connection/index.ts';
import type { EventStreamOptions, StandardSchema } from '../options/index.ts';
import { header, listen, status, url } from '../testing/listen.fixture.ts';
import { scriptedStream, ScriptedWorld, settle, silentBody } from '../testing/scripted-world.fixture.ts';
import { createEventStream } from './event-stream.ts';

const gap = 'id: 4\nevent: gap\ndata: {"reason":"trimmed","after":"1"}\n\n';

/** A function that is a promise, too: a promise needs no particular class. */
const callable = (value: unknown): PromiseLike<never> =>
  Object.assign(() => undefined, { then: (resolve: (result: never) => void) => resolve(value as never) }) as never;

describe('what a custom fetch returns', () => {
  it.each([
    [
      'a response whose body was read',
      async () => {
        const { response } = silentBody();
        void response.body?.getReader();
        return Promise.resolve(response);
      },
    ],
    [
      'a body that is not a stream',
      () => Promise.resolve(Object.defineProperty(silentBody().response, 'body', { value: {} })),
    ],
    ['nothing', () => Promise.resolve(undefined as unknown as Response)],
  ])('fails with a typed error if it is %s', async (_, fetch) => {
    const world = new ScriptedWorld();
    const { seen } = await listen(world, { fetch });
    expect(seen.errors).toMatchObject([{ code: expect.stringMatching(/invalid-option|network-error/) as string }]);
    expect(seen.states.at(-1)).toBe('closed');
    expect(world.held).toBe(0);
  });

  it('is not called again for a redirect after the stream was closed', async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const world = new ScriptedWorld(() => promise, scriptedStream().response);
    const { stream } = await listen(world, { redirect: 'follow', body: 'x' });
    stream.close();
    resolve(status(307, { Location: '/b' }));
    await settle();
    expect(world.requests).toHaveLength(1);
  });

  it('leaves no timer and no open body if the stream is closed while an error body is read', async () => {
    const endless = silentBody({}, 503);
    const world = new ScriptedWorld(endless.response);
    const { stream } = await listen(world);
    stream.close();
    await settle();
    expect(endless.seen.cancelled).toBe(true);
    expect(world.held).toBe(0);
  });
});

describe('what user functions throw', () => {
  it.each(['http-error', 'network-error', 'gap', 'connection-closed', 'stream-failed'])(
    'accessToken fails as "Failed to acquire token" for an error that has the code %s by chance',
    async (code) => {
      const thrown = Object.assign(new Error('Request failed'), { code });
      const { seen } = await listen(new ScriptedWorld(), {
        accessToken: () => {
          throw thrown;
        },
      });
      expect(seen.errors).toMatchObject([{ code: 'token-unavailable', cause: thrown }]);
    },
  );

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['an object without a prototype', Object.create(null)],
    ['a number', 7],
  ])('accessToken fails as "Failed to acquire token" for %s', async (_, thrown) => {
    const { seen } = await listen(new ScriptedWorld(), { accessToken: () => Promise.reject(thrown as Error) });
    expect(seen.errors).toMatchObject([{ code: 'token-unavailable' }]);
  });

  it('no error quotes a header or a token that HTTP does not allow', async () => {
    const { seen } = await listen(new ScriptedWorld(), { headers: () => ({ 'X-Api-Key': 'SECRET\nx' }) });
    const ticket = await requestTicketUrl({ ticketUrl: url, streamUrl: url, token: 'SECRET\nx' }).catch(
      (e: unknown) => e,
    );
    for (const error of [seen.errors[0], ticket]) {
      expect(error).toMatchObject({ code: 'invalid-option' });
      expect(`${String(error)} ${String((error as Error).cause)}`).not.toContain('SECRET');
    }
  });

  it('an asynchronous callback that rejects is reported', async () => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const stream = createEventStream(url, { fetch: world.fetch, runtime: world.runtime });
    // TypeScript accepts async functions where a callback returns nothing.
    const broken = (() => Promise.reject(new Error('in my own code'))) as () => void;
    stream.subscribe({ state: broken, gap: broken, position: broken, complete: broken });
    await settle();
    await server.write(`${gap}event: complete\ndata:\n\n`);
    // connecting, open, gap, position, closed, complete
    expect(world.reported).toHaveLength(6);
  });

  it.each([[undefined], [false], [Promise.resolve('continue')], [true]])(
    'completeOn fails with a typed error if it returns %s',
    async (answer) => {
      const server = scriptedStream();
      const { seen } = await listen(new ScriptedWorld(server.response), { completeOn: (() => answer) as never });
      await server.write('data: 1\n\n');
      expect(seen).toMatchObject({ events: [], completions: 0, errors: [{ code: 'invalid-option' }] });
    },
  );

  it('a schema result that is a callable promise is awaited, and one that is neither value nor issues fails', async () => {
    const schema = (result: unknown): StandardSchema<unknown> => ({
      '~standard': { version: 1, vendor: 'test', validate: () => result as never },
    });
    for (const result of [callable({ issues: [{ message: 'bad' }] }), {}, null]) {
      const server = scriptedStream();
      const { seen } = await listen(new ScriptedWorld(server.response), { decode: schema(result) });
      await server.write('data: 1\n\n');
      expect(seen).toMatchObject({ events: [], errors: [{ code: 'invalid-data' }] });
    }
  });
});

describe('calls from user functions', () => {
  it('reconnect() in the callback of a gap resumes after the gap, which is reported once', async () => {
    const first = scriptedStream();
    const world = new ScriptedWorld(first.response, scriptedStream().response);
    const stream = createEventStream(url, { fetch: world.fetch, runtime: world.runtime, lastEventId: '1' });
    stream.subscribe({ gap: () => stream.reconnect() });
    await settle();
    await first.write(gap);
    expect(header(world, 1, 'Last-Event-ID')).toBe('4');
    stream.close();
  });

  it.each(['reconnect', 'close'] as const)(
    '%s() in completeOn does not deliver the event, which is sent again',
    async (call) => {
      const first = scriptedStream();
      const world = new ScriptedWorld(first.response, scriptedStream().response);
      const data: unknown[] = [];
      const stream = createEventStream(url, {
        fetch: world.fetch,
        runtime: world.runtime,
        completeOn: ({ id }) => {
          if (id === '2') stream[call]();
          return 'continue';
        },
      });
      stream.subscribe({ next: (event) => void data.push(event.data) });
      await settle();
      await first.write('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n');
      expect(data).toEqual([1]);
      expect(stream.lastEventId).toBe('1');
      stream.close();
    },
  );

  it('close() in the URL function asks for no token', async () => {
    let asked = 0;
    let ready = false;
    const world = new ScriptedWorld();
    const stream = createEventStream(
      () => {
        if (ready) stream.close();
        return url;
      },
      { fetch: world.fetch, runtime: world.runtime, accessToken: () => `token-${(asked += 1)}` },
    );
    ready = true;
    stream.subscribe({});
    await settle();
    expect(asked).toBe(0);
  });
});

describe('tokens', () => {
  it('a late answer of a call that was given up does not count as the last token', async () => {
    const slow = Promise.withResolvers<string>();
    const answers = [slow.promise, Promise.resolve('OLD'), Promise.resolve('FRESH')];
    const refused = Promise.withResolvers<Response>();
    const world = new ScriptedWorld(() => refused.promise, scriptedStream().response);
    const { stream } = await listen(world, { accessToken: () => answers.shift() });
    stream.reconnect();
    await settle();
    slow.resolve('FRESH');
    await settle();
    refused.resolve(status(401));
    await settle();
    expect([0, 1].map((index) => header(world, index, 'Authorization'))).toEqual(['Bearer OLD', 'Bearer FRESH']);
    expect(stream.state.status).toBe('open');
    stream.close();
  });

  it('a ticket whose response breaks off is a temporary failure', async () => {
    const cut = scriptedStream({ 'Content-Type': 'application/json' });
    const world = new ScriptedWorld(cut.response);
    const { stream } = await listen(world, {
      accessToken: () => 'token',
      tokenTransport: 'ticket',
      ticketUrl: new URL('/tickets', url),
    });
    await cut.write('{"tick');
    await cut.breakOff();
    expect(stream.state).toMatchObject({ status: 'waiting', error: { code: 'network-error' } });
    stream.close();
    expect(world.held).toBe(0);
  });
});

describe('back-pressure and wake-ups', () => {
  it.each([{ body: 'x' }, { reconnect: { maxAttempts: 0 } }])(
    'a connection is not replaced while a subscriber works, however long: %j',
    async (options: EventStreamOptions) => {
      const server = scriptedStream();
      const world = new ScriptedWorld(server.response);
      const { stream, seen } = await listen(world, options);
      let release: () => void = () => undefined;
      stream.subscribe({ next: () => new Promise<void>((resolve) => (release = resolve)) });
      await server.write('data: 1\n\n');
      await world.wake();
      for (let minute = 0; minute < 5; minute += 1) await world.advance(60_000);
      expect(seen.errors).toEqual([]);
      release();
      await settle();
      await server.write(':\n');
      await world.advance(60_000);
      expect(stream.state.status).toBe('open');
      stream.close();
    },
  );

  it('an iterator that is full reads nothing more, over reconnections too', async () => {
    const servers = Array.from({ length: 20 }, () => scriptedStream());
    const world = new ScriptedWorld(...servers.map(({ response }) => response));
    const stream = createEventStream(url, { fetch: world.fetch, runtime: world.runtime });
    const iterator = stream.events({ maxQueuedEvents: 10 });
    void iterator.next();
    await settle();
    const chunk = Array.from({ length: 50 }, (_, n) => `id: ${n}\ndata: ${n}\n\n`).join('');
    for (const server of servers) {
      server.write(chunk).catch(() => undefined);
      await settle();
      stream.reconnect();
      await settle();
    }
    let queued = 0;
    for (; queued < 1_000; queued += 1) {
      if ((await Promise.race([iterator.next(), settle().then(() => undefined)])) === undefined) break;
    }
    expect(queued).toBeLessThan(120);
    stream.close();
  });

  it('a subscriber that left does not hold up the others with a promise that never settles', async () => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const { stream, seen } = await listen(world);
    const stop = stream.subscribe({ next: () => new Promise(() => undefined) });
    await server.write('data: 1\n\ndata: 2\n\n');
    expect(seen.data).toEqual([1]);
    stop();
    await settle();
    expect(seen.data).toEqual([1, 2]);
    stream.close();
  });
});

describe('the position of an iterator', () => {
  const events = (from: number, to: number): string =>
    Array.from({ length: to - from + 1 }, (_, n) => `id: ${from + n}\ndata: ${from + n}\n\n`).join('');

  it.each([
    ['close() in the loop', (stream: ReturnType<typeof createEventStream>) => stream.close(), ''],
    ['the stream completes in the same chunk', () => undefined, 'event: complete\ndata:\n\n'],
    ['the stream fails in the same chunk', () => undefined, 'event: failure\ndata: {"code":"a","message":"b"}\n\n'],
  ])('is the last event of the loop if %s', async (_, act, end) => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const stream = createEventStream(url, { fetch: world.fetch, runtime: world.runtime });
    const loop = (async () => {
      for await (const { id } of stream) {
        if (id !== '2') continue;
        act(stream);
        expect(stream.lastEventId).toBe('2');
        break;
      }
    })();
    await settle();
    await server.write(events(1, 5) + end);
    await loop;
    expect(stream.lastEventId).toBe('2');
  });

  it('does not move back the position of a stream that other subscribers follow', async () => {
    const server = scriptedStream();
    const stream = createEventStream(url, { fetch: new ScriptedWorld(server.response).fetch });
    stream.subscribe({});
    const loop = (async () => {
      for await (const { id } of stream) if (id === '2') break;
    })();
    await settle();
    await server.write(events(1, 5));
    await loop;
    expect(stream.lastEventId).toBe('5');
    stream.close();
  });

  it('is that of the gap after a GapError', async () => {
    const server = scriptedStream();
    const stream = createEventStream(url, { fetch: new ScriptedWorld(server.response).fetch });
    const loop = (async () => {
      for await (const event of stream) expect(event.id).not.toBe('5');
    })();
    const rejection = expect(loop).rejects.toMatchObject({ code: 'gap' });
    await settle();
    await server.write(events(1, 2) + gap + events(5, 6));
    await rejection;
    expect(stream.lastEventId).toBe('4');
  });

  it('loses and repeats nothing if a loop is left again and again and continues at lastEventId', async () => {
    const total = 300;
    const replay = (_: unknown, init: RequestInit = {}): Promise<Response> => {
      const after = Number(new Headers(init.headers).get('Last-Event-ID') ?? 0);
      const body = after < total ? events(after + 1, Math.min(total, after + 40)) : 'event: complete\ndata:\n\n';
      return Promise.resolve(new Response(body, { headers: { 'Content-Type': 'text/event-stream' } }));
    };
    const seen: number[] = [];
    let lastEventId = '';
    while (seen.length < total) {
      const stream = createEventStream<number>(url, {
        fetch: replay,
        lastEventId,
        reconnect: { baseDelayMs: 0 },
      });
      let taken = 0;
      for await (const { data } of stream) {
        seen.push(data);
        taken += 1;
        if (taken === 9) break;
      }
      ({ lastEventId } = stream);
    }
    expect(seen).toEqual(Array.from({ length: total }, (_, n) => n + 1));
  });
});

describe('options', () => {
  it.each([
    ['a GET with a body', { method: 'GET', body: 'x' }, /method, body and credentials/],
    ['a method that fetch forbids', { method: 'TRACE' }, /method, body and credentials/],
    ['a method that is not a token', { method: 'FOO BAR' }, /method, body and credentials/],
    ['credentials that do not exist', { credentials: 'bogus' }, /credentials/],
    ['a completeOn rule without type and data', { completeOn: {} }, /completeOn/],
    ['a completeOn that is a string', { completeOn: '[DONE]' }, /completeOn/],
    ['a reserved event that does not exist', { reservedEvents: ['end'] }, /reservedEvents/],
    ['a reconnect that does not exist', { reconnect: 'always' }, /reconnect/],
    ['a decode that is not a schema', { decode: {} }, /decode/],
  ])('refuse %s', (_, options, message) => {
    expect(() => createEventStream(url, options as EventStreamOptions)).toThrow(message);
  });

  it('take undefined for the default, in reconnect too', () => {
    expect(() => createEventStream(url, { reconnect: { baseDelayMs: undefined } as never })).not.toThrow();
  });

  it('subscribe() refuses what is not an observer, and works afterwards', () => {
    const stream = createEventStream(url, { signal: new AbortController().signal, fetch: new ScriptedWorld().fetch });
    expect(() => stream.subscribe(undefined as never)).toThrow(/subscribe/);
    expect(() => stream.subscribe({})).not.toThrow();
    stream.close();
  });

  it('events() refuses an overflow that does not exist', () => {
    expect(() => createEventStream(url).events({ overflow: 'block' as never })).toThrow(/overflow/);
  });
});

describe('Retry-After', () => {
  it('reads all three forms of an HTTP date as UTC (RFC 9110, 5.6.7)', () => {
    const date = 'Thu, 26 Nov 2026 03:00:00 GMT';
    for (const form of [
      'Thu, 26 Nov 2026 03:00:10 GMT',
      'Thu Nov 26 03:00:10 2026',
      'Thursday, 26-Nov-26 03:00:10 GMT',
    ])
      expect(parseRetryAfter(form, date, 0)).toBe(10_000);
  });
});

describe('an explicit onEnd', () => {
  it('decides at an announced end, too', async () => {
    const server = scriptedStream({ 'Sillage-Session-Ms': '10000' });
    const world = new ScriptedWorld(server.response);
    const { stream } = await listen(world, { onEnd: 'complete' });
    await world.advance(10_000);
    await server.end();
    expect(stream.state).toEqual({ status: 'closed', reason: 'completed' });
  });
});
