import { PLATFORM_ID } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { type Gap, type SseEvent, SignedOutError } from '@sillage/client';
import { map, NEVER, Subject, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  provideSse,
  withAllowedOrigins,
  withAuthentication,
  withBaseUrl,
  withInterceptors,
  withMultiplexing,
  withReconnect,
  withRuntime,
  withTabSharing,
  type SseFeature,
} from './provide-sse';
import { SseClient } from './sse-client';
import type { SseOptions } from './sse-request';
import { SseStreams } from './sse-streams';
import { manualTimers, settle, streamingFetch } from './streaming-fetch.fixture';

function setUp(...features: SseFeature[]) {
  const server = streamingFetch();
  const timers = manualTimers();
  TestBed.configureTestingModule({
    providers: [
      provideSse(
        withBaseUrl('https://api.contoso.example/api'),
        withRuntime({ fetch: server.fetch, setTimer: timers.setTimer, monotonicNow: timers.monotonicNow }),
        ...features,
      ),
    ],
  });
  return { ...server, timers, client: TestBed.inject(SseClient), streams: TestBed.inject(SseStreams) };
}

async function listen<T>(client: SseClient, url: string, options?: SseOptions<T>) {
  const seen = { events: [] as SseEvent<T>[], errors: [] as unknown[], completions: 0 };
  const subscription = client.stream<T>(url, options).subscribe({
    next: (event) => seen.events.push(event),
    error: (error: unknown) => seen.errors.push(error),
    complete: () => (seen.completions += 1),
  });
  await settle();
  return { seen, subscription };
}

describe.each([
  ['withMultiplexing', withMultiplexing],
  ['withTabSharing', withTabSharing],
])('%s', (_, withFeature) => {
  it('requests streams that begin together on one connection, with the token of the user', async () => {
    const { fetch, exchanges } = streamingFetch();
    // Runs when the test says so: a busy machine must not separate the two.
    const gathering: (() => void)[] = [];
    const setTimer = (callback: () => void, ms: number): (() => void) => {
      // The others are time limits.
      if (ms <= 250) gathering.push(callback);
      return () => undefined;
    };
    TestBed.configureTestingModule({
      providers: [
        provideSse(
          withBaseUrl('https://api.contoso.example/api'),
          withRuntime({ fetch, setTimer }),
          withFeature(),
          withAuthentication(() => ({ accessToken: () => 'token', ended: NEVER })),
        ),
      ],
    });
    const client = TestBed.inject(SseClient);
    const [orders, notices] = [await listen(client, 'orders'), await listen(client, 'notices')];
    expect(exchanges).toEqual([]);
    for (const callback of gathering.splice(0)) callback();
    await settle();
    expect(exchanges.map(({ url, init }) => [url, init.method])).toEqual([
      ['https://api.contoso.example/api/multiplex', 'POST'],
    ]);
    expect(JSON.parse(exchanges[0]?.init.body as string)).toEqual({
      streams: { '0': { path: '/orders' }, '1': { path: '/notices' } },
    });
    expect(new Headers(exchanges[0]?.init.headers).get('Authorization')).toBe('Bearer token');
    orders.subscription.unsubscribe();
    notices.subscription.unsubscribe();
    await settle();
    expect(exchanges[0]?.init.signal.aborted).toBe(true);
  });
});

describe('SseClient', () => {
  it('opens nothing until it is subscribed, one stream a subscription, and closes each when it is unsubscribed', async () => {
    const { client, exchanges, streams } = setUp();
    const stream = client.stream('orders');
    expect(exchanges).toHaveLength(0);
    const first = stream.subscribe();
    const second = stream.subscribe();
    await settle();
    expect(exchanges.map(({ url }) => url)).toEqual(Array(2).fill('https://api.contoso.example/api/orders'));
    expect(streams.all()).toHaveLength(2);
    first.unsubscribe();
    expect(exchanges.map(({ init }) => init.signal.aborted)).toEqual([true, false]);
    second.unsubscribe();
    expect(streams.all()).toEqual([]);
  });

  it.each([
    ['nothing at all comes', { heartbeatTimeoutMs: 5_000 }, 'heartbeat-timeout'],
    ['no event comes', { idleTimeoutMs: 5_000 }, 'idle-timeout'],
  ])('gives a connection up on which %s', async (_what, options, code) => {
    const { client, exchanges, streams, timers } = setUp();
    await listen(client, 'orders', options);
    await exchanges[0]?.write(': here\n');
    await timers.fire();
    expect(streams.all()[0]?.state()).toMatchObject({ status: 'waiting', error: { code } });
  });

  it('emits typed events, tells gaps and states apart from them, and completes with the server', async () => {
    const { client, exchanges, streams } = setUp();
    const states: string[] = [];
    const gaps: Gap[] = [];
    const { seen } = await listen<number>(client, 'orders', {
      onState: ({ status }) => states.push(status),
      onGap: (gap) => gaps.push(gap),
    });
    const [status] = streams.all();
    await exchanges[0]?.write('id: e-1\ndata: 1\n\nid: e-1\nevent: gap\ndata: {"reason":"trimmed","after":"e-0"}\n\n');
    expect(status?.state().status).toBe('open');
    expect(status?.gaps()).toEqual([{ reason: 'trimmed', after: 'e-0' }]);
    await exchanges[0]?.write('event: complete\ndata:\n\n');
    expect(seen).toEqual({ events: [{ id: 'e-1', type: 'message', data: 1 }], errors: [], completions: 1 });
    expect(states).toEqual(['connecting', 'open', 'closed']);
    expect(gaps).toHaveLength(1);
  });

  it('sends a body as JSON by POST', async () => {
    const { client, exchanges } = setUp();
    await listen(client, 'ask', { body: { prompt: 'hi' }, headers: { 'X-Trace': '1' } });
    const init = exchanges[0]?.init;
    expect(init).toMatchObject({ method: 'POST', body: '{"prompt":"hi"}' });
    expect(Object.fromEntries(init?.headers ?? [])).toMatchObject({
      'content-type': 'application/json',
      'x-trace': '1',
    });
  });

  it('tells a service worker to keep out, if one controls the page: else the header would only need a preflight', async () => {
    const { client, exchanges } = setUp();
    await listen(client, 'orders');
    expect(exchanges[0]?.init.headers.has('ngsw-bypass')).toBe(false);
    const container = Object.getOwnPropertyDescriptor(navigator, 'serviceWorker');
    Object.defineProperty(navigator, 'serviceWorker', { value: { controller: {} }, configurable: true });
    try {
      await listen(client, 'orders');
      expect(exchanges[1]?.init.headers.get('ngsw-bypass')).toBe('true');
    } finally {
      if (container === undefined) Reflect.deleteProperty(navigator, 'serviceWorker');
      else Object.defineProperty(navigator, 'serviceWorker', container);
    }
  });

  it('passes every option of the client on under its name', async () => {
    const { client, exchanges } = setUp();
    const { seen } = await listen(client, 'ask', {
      decode: 'text',
      completeOn: { data: '[DONE]', deliver: 'event' },
      reservedEvents: [],
      resumeBy: 'query',
      lastEventId: 'e-1',
      credentials: 'include',
      maxEventChars: 10,
      method: 'QUERY',
    });
    expect(exchanges[0]?.url).toBe('https://api.contoso.example/api/ask?lastEventId=e-1');
    expect(exchanges[0]?.init).toMatchObject({ method: 'QUERY', credentials: 'include' });
    await exchanges[0]?.write('event: gap\ndata: 7\n\ndata: [DONE]\n\n');
    expect(seen.events.map(({ data }) => data)).toEqual(['7', '[DONE]']);
    expect(seen.completions).toBe(1);
  });

  it('refuses to take a token to an origin that nobody allowed', async () => {
    const { client, exchanges } = setUp(withAllowedOrigins('https://events.contoso.example'));
    const refused = await listen(client, 'https://elsewhere.example/stream');
    expect(refused.seen.errors).toMatchObject([{ code: 'invalid-option' }]);
    await listen(client, 'https://events.contoso.example/stream');
    expect(exchanges.map(({ url }) => url)).toEqual(['https://events.contoso.example/stream']);
  });

  it('passes every stream through the interceptors, in their order', async () => {
    const order: string[] = [];
    const { client, exchanges } = setUp(
      withInterceptors(
        (request, next) => {
          order.push('first');
          return next({ ...request, headers: { ...request.headers, 'X-First': '1' } });
        },
        (request, next) => {
          order.push('second');
          return next({ ...request, url: `${request.url}?v=2` }).pipe(
            map((event) => ({ ...event, data: `${String(event.data)}!` })),
            tap({ complete: () => order.push('complete') }),
          );
        },
      ),
    );
    const { seen } = await listen<string>(client, 'orders');
    await exchanges[0]?.write('data: "a"\n\nevent: complete\ndata:\n\n');
    expect(exchanges[0]?.url).toBe('https://api.contoso.example/api/orders?v=2');
    expect(exchanges[0]?.init.headers.get('X-First')).toBe('1');
    expect(seen.events.map(({ data }) => data)).toEqual(['a!']);
    expect(order).toEqual(['first', 'second', 'complete']);
  });

  it('ends a stream whose user is gone, with the reason', async () => {
    const ended = new Subject<SignedOutError>();
    const { client, exchanges } = setUp(withAuthentication(() => ({ accessToken: () => 'token', ended })));
    const { seen } = await listen(client, 'orders');
    ended.next(new SignedOutError());
    expect(seen.errors).toMatchObject([{ code: 'signed-out' }]);
    expect(exchanges[0]?.init.signal.aborted).toBe(true);
    expect(ended.observed).toBe(false);
  });

  it('carries the token as it is told to, and knows where tickets are', async () => {
    const { client, exchanges } = setUp(
      withAuthentication(() => ({ accessToken: () => 'token', ended: new Subject() })),
    );
    await listen(client, 'orders', { tokenTransport: 'query' });
    expect(exchanges[0]?.url).toBe('https://api.contoso.example/api/orders?access_token=token');
    await listen(client, 'orders', { tokenTransport: 'ticket', ticketUrl: 'tickets' });
    expect(exchanges[1]?.url).toBe('https://api.contoso.example/api/tickets');
  });

  it('sends no token where the stream is opened as nobody', async () => {
    const { client, exchanges } = setUp(
      withAuthentication(() => ({ accessToken: () => 'token', ended: new Subject() })),
    );
    await listen(client, 'public', { authentication: null });
    expect(exchanges[0]?.init.headers.has('Authorization')).toBe(false);
  });

  it('reconnects as it was told to, and a stream may be told otherwise', async () => {
    const { client, exchanges } = setUp(withReconnect('never'));
    const { seen } = await listen(client, 'orders');
    await exchanges[0]?.end();
    expect(seen.errors).toMatchObject([{ code: 'connection-closed' }]);
    const other = await listen(client, 'orders', { reconnect: { baseDelayMs: 0 } });
    await exchanges[1]?.end();
    expect(other.seen.errors).toEqual([]);
    other.subscription.unsubscribe();
  });

  it('does nothing on the server side of SSR', async () => {
    TestBed.configureTestingModule({ providers: [{ provide: PLATFORM_ID, useValue: 'server' }] });
    const { client, exchanges } = setUp();
    await listen(client, 'orders');
    expect(exchanges).toHaveLength(0);
  });
});

describe('provideSse', () => {
  it('refuses two features of a kind', () => {
    expect(() => provideSse(withBaseUrl('/a'), withBaseUrl('/b'))).toThrow(/"base-url".*keep one/);
  });

  it('says what to add where it is missing', () => {
    expect(() => TestBed.inject(SseClient)).toThrow(/add provideSse/);
  });
});
