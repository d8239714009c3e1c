import { getEventListeners } from 'node:events';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { createEventStream, type EventStream } from './event-stream.ts';
import { header, listen, status, url } from '../testing/listen.fixture.ts';
import { scriptedStream, ScriptedWorld, settle } from '../testing/scripted-world.fixture.ts';

describe('a stream', () => {
  it('asks for an event stream with the token in the header, and delivers what comes', async () => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const { seen, stream } = await listen<{ n: number }>(world, { accessToken: () => 'token-1' });
    await server.write('id: e-1\ndata: {"n":1}\n\nevent: note\ndata: plain text\n\n');

    expect(header(world, 0, 'Authorization')).toBe('Bearer token-1');
    expect(header(world, 0, 'Accept')).toBe('text/event-stream');
    expect(header(world, 0, 'Last-Event-ID')).toBeNull();
    expect(seen.events).toEqual([
      { id: 'e-1', type: 'message', data: { n: 1 } },
      { id: 'e-1', type: 'note', data: 'plain text' },
    ]);
    expect(seen.states).toEqual(['connecting', 'open']);
    expect(stream.lastEventId).toBe('e-1');
  });

  it('requests nothing until somebody listens', async () => {
    const world = new ScriptedWorld();
    createEventStream(url, { fetch: world.fetch, runtime: world.runtime });
    await settle();
    expect(world.requests).toHaveLength(0);
  });

  it('types its data by the type argument, and as unknown without one', () => {
    expectTypeOf(createEventStream(url)).toEqualTypeOf<EventStream>();
    expectTypeOf<
      Parameters<NonNullable<Parameters<EventStream<{ n: number }>['subscribe']>[0]['next']>>[0]['data']
    >().toEqualTypeOf<{ n: number }>();
  });
});

describe('responses that are not a stream', () => {
  it.each([
    ['a page', () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } }), 'unexpected-content-type'],
    [
      'a type that only begins alike',
      () => new Response('', { headers: { 'Content-Type': 'text/event-stream-x' } }),
      'unexpected-content-type',
    ],
    ['a redirect', () => status(302, { Location: 'https://elsewhere.example/' }), 'redirect-refused'],
    ['a refusal', () => status(403), 'http-error'],
  ])('%s fails the stream (PROTOCOL 8.3, 8.5)', async (_, answer, code) => {
    const { seen } = await listen(new ScriptedWorld(answer()));
    expect(seen.errors).toMatchObject([{ code }]);
  });

  it('takes the content type without regard to case and parameters', async () => {
    const world = new ScriptedWorld(scriptedStream({ 'Content-Type': 'Text/Event-Stream; charset=utf-8' }).response);
    expect((await listen(world)).stream.state.status).toBe('open');
  });

  it('says why it was refused, in the words of the problem (RFC 9457)', async () => {
    const problem = '{"title":"Forbidden","code":"missing-scope","detail":"The scope Stream.Access is missing."}';
    const headers = { 'Content-Type': 'application/problem+json', 'Retry-After': '30' };
    const { seen } = await listen(new ScriptedWorld(status(403, headers, problem)));
    expect(seen.errors[0]?.message).toBe('The server answered 403: The scope Stream.Access is missing.');
    expect(seen.errors).toMatchObject([{ failure: 'missing-scope', retryAfterMs: 30_000 }]);
  });
});

describe('the position to resume from', () => {
  it('is reported where a connection begins, and past each event after its delivery', async () => {
    const server = scriptedStream();
    const told: string[] = [];
    const world = new ScriptedWorld(server.response);
    const stream = createEventStream(url, { fetch: world.fetch, runtime: world.runtime });
    stream.subscribe({ position: (id) => told.push(id), next: ({ data }) => told.push(`data ${String(data)}`) });
    await settle();
    await server.write('id: e-1\n\nid: e-2\ndata: 2\n\ndata: 3\n\n');
    expect(told).toEqual(['e-1', 'data 2', 'e-2', 'data 3']);
    stream.close();
  });
});

describe('ending', () => {
  it.each([
    ['204', async () => (await listen(new ScriptedWorld(status(204)))).seen],
    [
      'complete',
      async () => {
        const server = scriptedStream();
        const { seen } = await listen(new ScriptedWorld(server.response));
        await server.write('data: 1\n\nevent: complete\ndata:\n\n');
        return seen;
      },
    ],
    [
      'a sentinel',
      async () => {
        const server = scriptedStream();
        const { seen } = await listen(new ScriptedWorld(server.response), { completeOn: { data: '[DONE]' } });
        await server.write('data: 1\n\ndata: [DONE]\n\n');
        return seen;
      },
    ],
  ])('%s completes, and nothing reconnects (PROTOCOL 8.2)', async (_, run) => {
    const seen = await run();
    expect(seen).toMatchObject({ completions: 1, errors: [] });
    expect(seen.states.at(-1)).toBe('closed');
    expect(seen.data.every((data) => data === 1)).toBe(true);
  });

  it('fails with what the server says of its failure (PROTOCOL 6.3)', async () => {
    const server = scriptedStream();
    const { seen } = await listen(new ScriptedWorld(server.response));
    await server.write('event: failure\ndata: {"code":"upstream-gone","message":"The assistant stopped."}\n\n');
    expect(seen.errors).toMatchObject([
      { code: 'stream-failed', failure: 'upstream-gone', message: 'The assistant stopped.' },
    ]);
  });

  it('tells a gap apart from the events, and moves past it (PROTOCOL 5.3)', async () => {
    const server = scriptedStream();
    const { seen, stream } = await listen(new ScriptedWorld(server.response), { lastEventId: 'old-7' });
    await server.write('id: new-0\nevent: gap\ndata: {"reason":"epoch","after":"old-7"}\n\nid: new-1\ndata: 1\n\n');
    expect(seen.gaps).toEqual([{ reason: 'epoch', after: 'old-7' }]);
    expect(seen.data).toEqual([1]);
    expect(stream.lastEventId).toBe('new-1');
  });

  it("leaves another server's own event named gap alone", async () => {
    const server = scriptedStream();
    const { seen } = await listen(new ScriptedWorld(server.response));
    await server.write('event: gap\ndata: {"width":3}\n\n');
    expect(seen.events).toMatchObject([{ type: 'gap', data: { width: 3 } }]);
  });

  it.each([
    ['unsubscribing', ({ stop }: Awaited<ReturnType<typeof listen>>) => stop()],
    ['close()', ({ stream }: Awaited<ReturnType<typeof listen>>) => stream.close()],
  ])('%s aborts the request, tells nothing more and holds nothing', async (_, end) => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const listening = await listen(world);
    end(listening);
    end(listening);
    await settle();
    expect(world.requests[0]?.init.signal.aborted).toBe(true);
    expect(listening.stream.state).toEqual({ status: 'closed', reason: 'closed' });
    expect(listening.seen).toMatchObject({ errors: [], completions: 0 });
    expect(world.held).toBe(0);
  });

  it('ends a wait when its signal aborts', async () => {
    const world = new ScriptedWorld(new TypeError('x'));
    const controller = new AbortController();
    const { stream } = await listen(world, { signal: controller.signal });
    controller.abort();
    await settle();
    expect(stream.state.status).toBe('closed');
    expect(world.held).toBe(0);
  });

  it('leaves no listener at its signal', async () => {
    const { signal } = new AbortController();
    const { stream } = await listen(new ScriptedWorld(scriptedStream().response), { signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    stream.close();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('stays open for the others when one of several stops listening', async () => {
    const server = scriptedStream();
    const { stream, seen } = await listen(new ScriptedWorld(server.response));
    stream.subscribe({})();
    await server.write('data: 1\n\n');
    expect(seen.data).toEqual([1]);
  });
});

describe('consumers', () => {
  it('reports an exception of a subscriber, and continues without a reconnection', async () => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const stream = createEventStream(url, { fetch: world.fetch, runtime: world.runtime });
    const broken = new Error('in my own code');
    const data: unknown[] = [];
    stream.subscribe({
      next: (event) => {
        data.push(event.data);
        throw broken;
      },
    });
    await settle();
    await server.write('data: 1\n\ndata: 2\n\n');
    expect(data).toEqual([1, 2]);
    expect(world.reported).toEqual([broken, broken]);
    expect(world.requests).toHaveLength(1);
  });

  it('hands events one by one to for await, which closes when left', async () => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const stream = createEventStream<number>(url, { fetch: world.fetch, runtime: world.runtime });
    const taken: number[] = [];
    const loop = (async () => {
      for await (const { data } of stream) {
        taken.push(data);
        if (data === 2) break;
      }
    })();
    await settle();
    await server.write('data: 1\n\ndata: 2\n\ndata: 3\n\n');
    await loop;
    await settle();
    expect(taken).toEqual([1, 2]);
    expect(stream.state.status).toBe('closed');
    expect(world.held).toBe(0);
  });

  it('throws from for await what the stream failed with, and ends it when the stream completes', async () => {
    const failing = createEventStream(url, { fetch: new ScriptedWorld(status(403)).fetch });
    await expect(async () => {
      for await (const event of failing) expect(event).toBeUndefined();
    }).rejects.toMatchObject({ code: 'http-error' });
    const empty = createEventStream(url, { fetch: new ScriptedWorld(status(204)).fetch });
    for await (const event of empty) expect(event).toBeUndefined();
  });

  it('reads no further while a consumer has not finished', async () => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const stream = createEventStream<number>(url, { fetch: world.fetch, runtime: world.runtime });
    const taken: number[] = [];
    let release: () => void = () => undefined;
    stream.subscribe({
      next: ({ data }) => {
        taken.push(data);
        return new Promise<void>((resolve) => (release = resolve));
      },
    });
    await settle();
    await server.write('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n');
    expect(taken).toEqual([1]);
    expect(stream.lastEventId).toBe('');
    release();
    await settle();
    expect(taken).toEqual([1, 2]);
    expect(stream.lastEventId).toBe('1');
  });

  it('validates data with a Standard Schema, and fails with the event that does not fit', async () => {
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) =>
          typeof value === 'number' ? { value } : { issues: [{ message: 'Expected a number' }] },
      },
    } as const;
    const server = scriptedStream();
    const { seen } = await listen<number>(new ScriptedWorld(server.response), { decode: schema });
    await server.write('data: 1\n\nid: e-2\ndata: "one"\n\n');
    expect(seen.data).toEqual([1]);
    expect(seen.errors).toMatchObject([
      { code: 'invalid-data', event: { id: 'e-2', data: '"one"' }, issues: [{ message: 'Expected a number' }] },
    ]);
  });
});

describe('options that cannot work', () => {
  it.each([
    ['a URL that is not valid', 'nowhere', {}, /absolute/],
    ['another scheme', 'ftp://x.example/', {}, /http/],
    ['credentials in the URL', 'https://a:b@x.example/', {}, /accessToken/],
    ['a body that can be sent once', url, { body: new ReadableStream() as unknown as string }, /string/],
    ['a negative time', url, { reconnect: { baseDelayMs: -1 } }, /baseDelayMs/],
    ['an ID with a line break', url, { lastEventId: 'a\nb' }, /lastEventId/],
  ])('%s is refused with what would work', (_, target, options, message) => {
    expect(() => createEventStream(target, options)).toThrow(message);
  });
});
