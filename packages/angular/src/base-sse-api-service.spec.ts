import { provideHttpClient } from '@angular/common/http';
import { HttpTestingController, provideHttpClientTesting } from '@angular/common/http/testing';
import { computed, effect, inject, Injectable, InjectionToken, Injector, NgZone } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { InteractionRequiredError, SignedOutError, type AccessTokenFunction } from '@sillage/client';
import { Subject, type Observable } from 'rxjs';
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { BaseSseApiService, type SseApiConfig } from './base-sse-api-service';
import { provideSse, withBaseUrl, withRuntime } from './provide-sse';
import { SseClient } from './sse-client';
import { SseStreams } from './sse-streams';
import { manualTimers, settle, streamingFetch } from './streaming-fetch.fixture';
import { withToken } from './with-token';

const TOKEN_PREFIX = new InjectionToken('TOKEN_PREFIX', { factory: () => 'token' });

@Injectable({ providedIn: 'root' })
class OrderApi extends BaseSseApiService {
  stream = (config?: SseApiConfig) => this.connectSSE<unknown>('orders', config);
  streamWith = (token?: string) => this.connectSSEWithHeaders<unknown>('orders', token);
  typed = () => this.connectSSEWithEvents<number>('orders', ['shipped']);
  retried = (config?: SseApiConfig) => this.connectWithRetry<unknown>('orders', config);
  timed = (ms?: number) => this.connectWithTimeout<unknown>('orders', ms);
  ask = (config?: SseApiConfig) => this.postSSE<string>('ask', { prompt: 'hi' }, config);
  order = () => this.get<unknown>('orders/7', { full: true });
}

function setUp(accessToken?: AccessTokenFunction, base = 'https://api.contoso.example') {
  const server = streamingFetch();
  const timers = manualTimers();
  const signedOut = new Subject<SignedOutError>();
  let tokens = 0;
  TestBed.configureTestingModule({
    providers: [
      provideHttpClient(),
      provideHttpClientTesting(),
      provideSse(
        withBaseUrl(base),
        withToken(accessToken ?? (() => `${inject(TOKEN_PREFIX)}-${(tokens += 1)}`), { signedOut }),
        withRuntime({ fetch: server.fetch, setTimer: timers.setTimer, monotonicNow: timers.monotonicNow }),
      ),
    ],
  });
  return { ...server, timers, signedOut, api: TestBed.inject(OrderApi), http: TestBed.inject(HttpTestingController) };
}

async function listen(stream: Observable<unknown>) {
  const seen = { values: [] as unknown[], ends: [] as unknown[] };
  const subscription = stream.subscribe({
    next: (value) => seen.values.push(value),
    error: (error: { code?: string; name: string }) => seen.ends.push(error.code ?? error.name),
    complete: () => seen.ends.push('complete'),
  });
  await settle();
  return { seen, subscription };
}

afterEach(() => vi.restoreAllMocks());

describe('BaseSseApiService, with the tokens of any provider', () => {
  it('asks for a token at every attempt, in an injection context', async () => {
    const { api, exchanges, timers } = setUp();
    const { seen } = await listen(api.stream());
    await exchanges[0]?.write('id: 1\ndata: {"n":1}\n\n');
    await exchanges[0]?.breakOff();
    await timers.fire();
    expect(exchanges.map(({ init }) => init.headers.get('Authorization'))).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ]);
    expect(seen.values).toEqual([{ n: 1 }]);
  });

  it('takes a given token for the first attempt only', async () => {
    const { api, exchanges } = setUp();
    await listen(api.streamWith('given'));
    await exchanges[0]?.refuse(401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' });
    expect(exchanges.map(({ init }) => init.headers.get('Authorization'))).toEqual(['Bearer given', 'Bearer token-1']);
  });

  it('filters events by type', async () => {
    const { api, exchanges } = setUp();
    const { seen } = await listen(api.typed());
    await exchanges[0]?.write('event: shipped\ndata: 1\n\nevent: other\ndata: 2\n\n');
    expect(seen.values).toEqual([{ type: 'shipped', data: 1 }]);
  });

  it('gives up after so many retries where it was asked to', async () => {
    const { api, exchanges, timers } = setUp();
    const { seen } = await listen(api.retried());
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await exchanges[attempt]?.refuse(503);
      await timers.fire();
    }
    expect([exchanges.length, seen.ends]).toEqual([6, ['http-error']]);
  });

  it('errors where no event comes in time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
    try {
      const { api, exchanges } = setUp();
      const { seen } = await listen(api.timed(1_000));
      vi.advanceTimersByTime(999);
      await exchanges[0]?.write('data: 1\n\n');
      vi.advanceTimersByTime(999);
      expect(seen).toEqual({ values: [1], ends: [] });
      vi.advanceTimersByTime(2);
      expect([seen.ends, exchanges[0]?.init.signal.aborted]).toEqual([['TimeoutError'], true]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('ends an answer at [DONE]', async () => {
    const { api, exchanges } = setUp();
    const { seen } = await listen(api.ask({ completeOn: { data: '[DONE]' } }));
    await exchanges[0]?.write('data: Hel\n\ndata: lo\n\ndata: [DONE]\n\n');
    expect(seen).toEqual({ values: ['Hel', 'lo'], ends: ['complete'] });
  });

  it('sends requests with the token, and once more after a 401', async () => {
    const { api, http } = setUp();
    const { seen } = await listen(api.order());
    http
      .expectOne((request) => request.headers.get('Authorization') === 'Bearer token-1')
      .flush(null, {
        status: 401,
        statusText: 'Unauthorized',
      });
    await settle();
    const again = http.expectOne('https://api.contoso.example/orders/7?full=true');
    expect(again.request.headers.get('Authorization')).toBe('Bearer token-2');
    again.flush({ id: 7 });
    expect(seen).toEqual({ values: [{ id: 7 }], ends: ['complete'] });
  });

  it('waits for interaction that the provider says is required', async () => {
    const signedIn = Promise.withResolvers<undefined>();
    let isSignedIn = false;
    const { api, exchanges, timers } = setUp(() => {
      if (isSignedIn) return 'token';
      throw new InteractionRequiredError('sign in', { settled: () => signedIn.promise });
    });
    await listen(api.stream());
    expect(TestBed.inject(SseStreams).all()[0]?.state().status).toBe('interaction-required');
    isSignedIn = true;
    signedIn.resolve(undefined);
    await settle();
    await timers.fire();
    expect(exchanges).toHaveLength(1);
  });

  it('ends streams when the provider says that the user signed out', async () => {
    const { api, signedOut } = setUp();
    const { seen } = await listen(api.stream());
    signedOut.next(new SignedOutError());
    expect(seen.ends).toEqual(['signed-out']);
  });

  it.each([
    ['http://api.contoso.example', 1],
    ['http://localhost:3000', 0],
    ['https://api.contoso.example', 0],
  ])('warns that a token goes to %s: %i times', async (base, times) => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const { api } = setUp(undefined, base);
    await listen(api.stream());
    await listen(api.stream());
    const texts = warn.mock.calls.map(([text]) => String(text));
    expect(texts.filter((text) => text.startsWith('Warning: Sending token over HTTP'))).toHaveLength(times);
    expect(texts.join()).not.toContain('token-');
  });
});

describe('SseClient', () => {
  it('calls a function for headers at every attempt', async () => {
    const { exchanges, timers } = setUp();
    let count = 0;
    await listen(
      TestBed.inject(SseClient).stream('orders', { headers: () => ({ 'X-Attempt': String((count += 1)) }) }),
    );
    await exchanges[0]?.breakOff();
    await timers.fire();
    expect(exchanges.map(({ init }) => init.headers.get('X-Attempt'))).toEqual(['1', '2']);
  });

  it('can be subscribed to inside an effect and a computed, which track nothing of it', async () => {
    const { exchanges } = setUp();
    const client = TestBed.inject(SseClient);
    let runs = 0;
    effect(
      () => {
        runs += 1;
        client.stream('orders').subscribe();
      },
      { injector: TestBed.inject(Injector) },
    );
    TestBed.tick();
    await settle();
    await exchanges[0]?.write('data: 1\n\n');
    TestBed.tick();
    expect(runs).toBe(1);
    const subscription = computed(() => client.stream('orders').subscribe());
    expect(subscription().closed).toBe(false);
    await settle();
    expect(exchanges).toHaveLength(2);
  });

  it('reads outside the zone, and calls back inside it', async () => {
    const { exchanges } = setUp();
    const zone = TestBed.inject(NgZone);
    const run = vi.spyOn(zone, 'run');
    const outside = vi.spyOn(zone, 'runOutsideAngular');
    const { seen } = await listen(TestBed.inject(SseClient).stream('orders'));
    expect(outside).toHaveBeenCalledTimes(1);
    const before = run.mock.calls.length;
    await exchanges[0]?.write('data: 1\n\n');
    expect(seen.values).toHaveLength(1);
    expect(run.mock.calls.length).toBeGreaterThan(before);
  });

  it('types the data of each type of event', () => {
    setUp();
    const events = TestBed.inject(SseClient).events<{ shipped: { carrier: string }; message: number }>('orders');
    events.subscribe((event) => {
      if (event.type === 'shipped') expectTypeOf(event.data).toEqualTypeOf<{ carrier: string }>();
      else expectTypeOf(event.data).toEqualTypeOf<number>();
    });
  });
});
