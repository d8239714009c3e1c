import { describe, expect, expectTypeOf, it } from 'vitest';
import type { AccessTokenRequest } from './access-token.ts';
import { AccessTokenError, InteractionRequiredError, type SseError } from './errors.ts';
import { createEventStream, type EventStream } from './event-stream.ts';
import type { Gap, SseEvent } from './event.ts';
import type { EventStreamOptions } from './options.ts';
import { scriptedStream, ScriptedWorld, settle } from './scripted-world.fixture.ts';

const url = 'https://api.contoso.example/events';

/** Opens a stream in a scripted world and writes down everything that it tells. */
async function listen<T = unknown>(world: ScriptedWorld, options: EventStreamOptions<T> = {}, target = url) {
  const stream = createEventStream<T>(target, { fetch: world.fetch, runtime: world.runtime, ...options });
  const seen = {
    events: [] as SseEvent<T>[],
    data: [] as T[],
    states: [] as string[],
    gaps: [] as Gap[],
    errors: [] as SseError[],
    completions: 0,
  };
  const stop = stream.subscribe({
    next: (event) => {
      seen.events.push(event);
      seen.data.push(event.data);
    },
    state: (state) => void seen.states.push(state.status),
    gap: (gap) => void seen.gaps.push(gap),
    error: (error) => void seen.errors.push(error),
    complete: () => void (seen.completions += 1),
  });
  await settle();
  return { stream, seen, stop };
}

const header = (world: ScriptedWorld, index: number, name: string): string | null =>
  world.requests[index]?.init.headers.get(name) ?? null;

const status = (code: number, headers: Record<string, string> = {}, body: string | null = null): Response =>
  new Response(body, { status: code, headers });

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

describe('reconnecting', () => {
  it('resumes after the last event delivered, with a token of its own (PROTOCOL 2.3, 8.7)', async () => {
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

  it('has a place to resume from before its first event (PROTOCOL 4.3)', async () => {
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

  it('waits longer after every failure, and starts over after an event', async () => {
    const working = scriptedStream();
    const world = new ScriptedWorld(
      new TypeError('refused'),
      status(503),
      scriptedStream().response,
      working.response,
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
    // Opening is no success: the connection dies before it has brought anything.
    world.requests.at(-1)?.init.signal.dispatchEvent(new Event('abort'));
    await settle();
    await world.advance(4_000);
    await working.write('data: 1\n\n');
    await working.end();
    await world.advance(1_000);
    expect(delays).toEqual([999, 1_998, 3_996, 999, 1_998]);
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
    await server.end();
    expect(stream.state).toMatchObject({ status: 'waiting', retryAt: world.nowMs + 3_500 });
  });

  it('waits for the network without spending attempts, and goes at once when it is back (PROTOCOL 8.8)', async () => {
    const world = new ScriptedWorld(new TypeError('offline'), scriptedStream().response);
    world.network = 'offline';
    const { seen } = await listen(world, { reconnect: { maxAttempts: 1 } });
    expect(seen.states).toEqual(['connecting', 'offline']);
    await world.advance(3_600_000);
    expect(world.requests).toHaveLength(1);
    world.network = 'online';
    await world.wake();
    expect(seen.states).toEqual(['connecting', 'offline', 'connecting', 'open']);
  });

  it('cuts a wait short when the page wakes, or when told to', async () => {
    const world = new ScriptedWorld(new TypeError('x'), new TypeError('x'), scriptedStream().response);
    const { stream } = await listen(world);
    await world.wake();
    expect(world.requests).toHaveLength(2);
    stream.reconnect();
    await settle();
    expect(stream.state.status).toBe('open');
  });

  it('takes a silence past two and a half heartbeats for a dead connection (PROTOCOL 3.2)', async () => {
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

  it('has no bound on silence where the server told no heartbeat', async () => {
    const world = new ScriptedWorld(scriptedStream().response);
    const { stream } = await listen(world);
    await world.advance(86_400_000);
    expect(stream.state.status).toBe('open');
  });

  it('bounds the silence of events only when asked to, however many heartbeats come', async () => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const { stream } = await listen(world, { idleTimeoutMs: 5_000 });
    await world.advance(4_000);
    await server.write(':\n');
    await world.advance(1_000);
    expect(stream.state).toMatchObject({ status: 'waiting', error: { code: 'idle-timeout' } });
  });

  it('does not take a slow consumer for a silent server', async () => {
    const server = scriptedStream({ 'Sillage-Heartbeat-Ms': '1000' });
    const world = new ScriptedWorld(server.response);
    const stream = createEventStream(url, { fetch: world.fetch, runtime: world.runtime });
    stream.subscribe({ next: () => new Promise(() => undefined) });
    await settle();
    await server.write('data: 1\n\n');
    await world.advance(60_000);
    expect(stream.state.status).toBe('open');
  });

  it('fails with "connection closed" where it may not reconnect', async () => {
    const server = scriptedStream();
    const { seen } = await listen(new ScriptedWorld(server.response), { reconnect: 'never' });
    await server.end();
    expect(seen.errors).toMatchObject([
      { code: 'connection-closed', message: expect.stringContaining('connection closed') as string },
    ]);
  });

  it('does not repeat a POST whose response had begun, unless asked to (PROTOCOL 8.12)', async () => {
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

describe('tokens', () => {
  const challenged = (claims?: string): Response =>
    status(401, {
      'WWW-Authenticate': `Bearer error="${claims === undefined ? 'invalid_token' : 'insufficient_claims'}"${claims === undefined ? '' : `, claims="${btoa(claims)}"`}`,
    });

  it('asks once for a new token after a 401, with the claims demanded, and goes on at once (PROTOCOL 8.4)', async () => {
    const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
    const world = new ScriptedWorld(challenged(claims), scriptedStream().response);
    const asked: AccessTokenRequest['demand'][] = [];
    const { seen } = await listen(world, {
      accessToken: ({ demand }) => {
        asked.push(demand);
        return `token-${asked.length}`;
      },
    });
    expect(asked).toEqual([null, { error: 'insufficient_claims', claims }]);
    expect(header(world, 1, 'Authorization')).toBe('Bearer token-2');
    expect(seen.states.at(-1)).toBe('open');
  });

  it('fails at a second 401 with a new token: no loop', async () => {
    const world = new ScriptedWorld(challenged(), challenged());
    let tokens = 0;
    const { seen } = await listen(world, { accessToken: () => `token-${(tokens += 1)}` });
    expect(seen.errors).toMatchObject([{ code: 'http-error', status: 401 }]);
    expect(world.requests).toHaveLength(2);
  });

  it('does not send a refused token again', async () => {
    const world = new ScriptedWorld(challenged());
    const { seen } = await listen(world, { accessToken: () => 'stale' });
    expect(seen.errors).toMatchObject([{ code: 'token-unavailable' }]);
    expect(world.requests).toHaveLength(1);
  });

  it('keeps a demand over a passing failure to get a token', async () => {
    const world = new ScriptedWorld(challenged(), scriptedStream().response);
    const asked: (string | undefined)[] = [];
    await listen(world, {
      accessToken: ({ demand }) => {
        asked.push(demand?.error ?? undefined);
        if (asked.length === 2) throw new AccessTokenError('the network is away', { retry: 'later' });
        return `token-${asked.length}`;
      },
    });
    await world.advance(500);
    expect(asked).toEqual([undefined, 'invalid_token', 'invalid_token']);
    expect(header(world, 1, 'Authorization')).toBe('Bearer token-3');
  });

  it('waits for a person where one is needed, opens nothing, and resumes where it was (PROTOCOL 8.9)', async () => {
    const first = scriptedStream();
    const world = new ScriptedWorld(first.response, scriptedStream().response);
    let signIn: () => void = () => undefined;
    let asked = 0;
    const { seen } = await listen(world, {
      accessToken: () => {
        asked += 1;
        if (asked === 2) {
          throw new InteractionRequiredError('sign-in is needed', {
            settled: () => new Promise((resolve) => (signIn = resolve)),
          });
        }
        return `token-${asked}`;
      },
    });
    await first.write('id: e-4\ndata: 1\n\n');
    await first.end();
    await world.advance(500);
    expect(seen.states.at(-1)).toBe('interaction-required');
    await world.advance(3_600_000);
    await world.wake();
    expect(world.requests).toHaveLength(1);
    signIn();
    await settle();
    expect(seen.states.at(-1)).toBe('open');
    expect(header(world, 1, 'Last-Event-ID')).toBe('e-4');
  });

  it('stops waiting for a person when it is closed', async () => {
    const world = new ScriptedWorld();
    let aborted = false;
    const { stop } = await listen(world, {
      accessToken: () => {
        throw new InteractionRequiredError('sign-in is needed', {
          settled: (signal) =>
            new Promise((_, reject) =>
              signal.addEventListener('abort', () => reject(new Error(String((aborted = true))))),
            ),
        });
      },
    });
    stop();
    await settle();
    expect(aborted).toBe(true);
    expect(world.held).toBe(0);
  });

  it.each([
    ['an error of its own', () => Promise.reject(new Error('MSAL is not initialized'))],
    [
      'nothing after something',
      (() => {
        let calls = 0;
        return () => (calls++ === 0 ? 'token' : null);
      })(),
    ],
    ['what is no bearer token', () => 'Bearer eyJ'],
  ])('fails with "Failed to acquire token" where the function gives %s', async (_, accessToken) => {
    const server = scriptedStream();
    const { seen } = await listen(new ScriptedWorld(status(503), server.response), {
      accessToken,
      reconnect: { baseDelayMs: 0 },
    }).then(async (listening) => {
      listening.stream.reconnect();
      await settle();
      return listening;
    });
    expect(seen.errors).toMatchObject([
      { code: 'token-unavailable', message: expect.stringContaining('Failed to acquire token') as string },
    ]);
    expect(JSON.stringify(seen.errors)).not.toContain('eyJ');
  });

  it('refuses to send a token to an origin that is not allowed', () => {
    expect(() =>
      createEventStream('https://elsewhere.example/x', { allowedOrigins: ['https://api.contoso.example'] }),
    ).toThrow(/allowedOrigins/);
  });
});

describe('other ways to carry the token', () => {
  it('puts it into the URL only when told to, and not over plain http', async () => {
    const world = new ScriptedWorld(scriptedStream().response);
    await listen(world, { accessToken: () => 'token-1', tokenTransport: 'query' }, `${url}?room=7`);
    expect(world.requests[0]?.url).toBe(`${url}?room=7&access_token=token-1`);
    expect(header(world, 0, 'Authorization')).toBeNull();
    expect(() => createEventStream('http://api.contoso.example/', { tokenTransport: 'query' })).toThrow(/https/);
    expect(() => createEventStream('http://localhost:3000/', { tokenTransport: 'query' })).not.toThrow();
  });

  it('asks for a new ticket at every attempt, and puts that into the URL (PROTOCOL 2.5)', async () => {
    const first = scriptedStream();
    const ticket = (name: string): Response => new Response(JSON.stringify({ ticket: name }), { status: 201 });
    const world = new ScriptedWorld(ticket('t1'), first.response, ticket('t2'), scriptedStream().response);
    const options = { accessToken: () => 'token-1', tokenTransport: 'ticket', ticketUrl: '/tickets' } as const;
    await listen(world, { ...options, ticketUrl: new URL('/tickets', url) });
    await first.end();
    await world.advance(500);
    expect(world.requests.map((request) => request.url)).toEqual([
      'https://api.contoso.example/tickets',
      `${url}?ticket=t1`,
      'https://api.contoso.example/tickets',
      `${url}?ticket=t2`,
    ]);
    expect(world.requests[0]?.init).toMatchObject({ method: 'POST', body: '{"path":"/events"}' });
    expect(header(world, 1, 'Authorization')).toBeNull();
  });

  it('takes a refused ticket for a refused token, and a server that is away for one', async () => {
    const world = new ScriptedWorld(status(401), status(401));
    let tokens = 0;
    const options = {
      accessToken: () => `token-${(tokens += 1)}`,
      tokenTransport: 'ticket',
      ticketUrl: new URL('/tickets', url),
    } as const;
    const { seen } = await listen(world, options);
    expect(seen.errors).toMatchObject([{ code: 'http-error', status: 401 }]);
    expect(tokens).toBe(2);
    const away = await listen(new ScriptedWorld(new TypeError('away')), options);
    expect(away.stream.state).toMatchObject({ status: 'waiting', error: { code: 'network-error' } });
  });

  it('needs to know where tickets are, at an origin that may have the token', () => {
    expect(() => createEventStream(url, { tokenTransport: 'ticket' })).toThrow(/ticketUrl/);
    expect(() => createEventStream(url, { tokenTransport: 'ticket', ticketUrl: 'https://elsewhere.example/' })).toThrow(
      /allowedOrigins/,
    );
  });
});

describe('answers that are no stream', () => {
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
    const problem = '{"title":"Forbidden","detail":"The scope Stream.Access is missing."}';
    const { seen } = await listen(
      new ScriptedWorld(status(403, { 'Content-Type': 'application/problem+json' }, problem)),
    );
    expect(seen.errors[0]?.message).toBe('The server answered 403: The scope Stream.Access is missing.');
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

  it('stays open for the others when one of several stops listening', async () => {
    const server = scriptedStream();
    const { stream, seen } = await listen(new ScriptedWorld(server.response));
    stream.subscribe({})();
    await server.write('data: 1\n\n');
    expect(seen.data).toEqual([1]);
  });
});

describe('consumers', () => {
  it('gives a consumer its own error back, and goes on (no reconnection)', async () => {
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
    ['a URL that is none', 'nowhere', {}, /absolute/],
    ['another scheme', 'ftp://x.example/', {}, /http/],
    ['credentials in the URL', 'https://a:b@x.example/', {}, /accessToken/],
    ['a body that can be sent once', url, { body: new ReadableStream() as unknown as string }, /string/],
    ['a negative time', url, { reconnect: { baseDelayMs: -1 } }, /baseDelayMs/],
    ['an ID with a line break', url, { lastEventId: 'a\nb' }, /lastEventId/],
  ])('%s is refused with what would work', (_, target, options, message) => {
    expect(() => createEventStream(target, options)).toThrow(message);
  });
});
