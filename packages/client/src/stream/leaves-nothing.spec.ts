import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccessTokenError, InteractionRequiredError } from '../errors.ts';
import type { EventStreamOptions, StreamRuntime } from '../options/index.ts';
import { createEventStream, type EventStream } from './event-stream.ts';

/** What a world of this test answers, in turn. */
type TokenAnswer = 'token' | 'later' | 'never' | 'interaction' | 'hangs';
type FetchAnswer =
  'stream' | 'session' | 'throws' | 'hangs' | '204' | '401' | '403' | '503' | '503-endless' | 'page' | 'ignores-signal';
type Command =
  | { readonly kind: 'subscribe' | 'unsubscribe' | 'reconnect' | 'close' | 'abort' | 'wake' | 'settle' | 'reject' }
  | { readonly kind: 'iterate' | 'next' | 'return' | 'turn' }
  | { readonly kind: 'advance'; readonly ms: number }
  /** To the connection that was opened last, or to the one before it. */
  | { readonly kind: 'write' | 'write-old'; readonly text: string }
  | { readonly kind: 'end' | 'break' };
/** What a callback of a subscriber does, called again and again. */
type Reaction = 'nothing' | 'wake' | 'close' | 'unsubscribe' | 'reconnect' | 'subscribe' | 'throw' | 'promise';

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.constantFrom<Command>(
    ...(['subscribe', 'unsubscribe', 'reconnect', 'close', 'abort', 'wake', 'settle', 'reject'] as const).map(
      (kind) => ({
        kind,
      }),
    ),
    ...(['iterate', 'next', 'return', 'turn', 'turn', 'turn', 'end', 'break'] as const).map((kind) => ({ kind })),
  ),
  fc.constantFrom(10, 1_000, 5_000, 30_000, 100_000).map((ms) => ({ kind: 'advance' as const, ms })),
  fc
    .constantFrom(
      'id: 1\ndata: 1\n\n',
      'data: not json\n\n',
      ':\n\n',
      'id: 7\n\n',
      'retry: 5000\n\n',
      'event: complete\ndata:\n\n',
      'event: failure\ndata: {"code":"a","message":"b"}\n\n',
      'id: 2\nevent: gap\ndata: {"reason":"epoch","after":"x"}\n\n',
      'data: 1\n\ndata: 2\n\ndata: 3\n\n',
      'id: 3\ndata: 3\n\n',
      'id: 4\nevent: rotate\ndata: {"withinMs":0}\n\n',
    )
    .chain((text) => fc.constantFrom('write' as const, 'write-old' as const).map((kind) => ({ kind, text }))),
);

const scenario = fc.record({
  commands: fc.array(command, { minLength: 1, maxLength: 40 }),
  tokens: fc.array(fc.constantFrom<TokenAnswer>('token', 'token', 'token', 'later', 'never', 'interaction', 'hangs'), {
    maxLength: 10,
  }),
  answers: fc.array(
    fc.constantFrom<FetchAnswer>(
      'stream',
      'stream',
      'session',
      'session',
      'throws',
      'hangs',
      '204',
      '401',
      '403',
      '503',
      '503-endless',
      'page',
      'ignores-signal',
    ),
    { maxLength: 10 },
  ),
  reactions: fc.array(
    fc.constantFrom<Reaction>(
      'nothing',
      'nothing',
      'nothing',
      'close',
      'unsubscribe',
      'reconnect',
      'subscribe',
      'throw',
      'wake',
      'promise',
    ),
    { maxLength: 20 },
  ),
  method: fc.constantFrom('GET', 'POST'),
});

/** A world that counts everything that a stream holds of it. */
function createCountingWorld(tokens: TokenAnswer[], answers: FetchAnswer[]) {
  let nowMs = 0;
  const timers = new Set<{ at: number; callback: () => void }>();
  const wakeListeners = new Set<() => void>();
  const interactions: { resolve: () => void; reject: (error: unknown) => void; signal: AbortSignal }[] = [];
  const bodies: { controller: ReadableStreamDefaultController<Uint8Array>; open: boolean }[] = [];
  const signals: AbortSignal[] = [];
  const runtime: StreamRuntime = {
    now: () => nowMs + 1e12,
    monotonicNow: () => nowMs,
    random: () => 0.5,
    setTimer: (callback, ms) => {
      const timer = { at: nowMs + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    lifecycle: {
      network: () => 'online',
      onWake: (listener) => {
        wakeListeners.add(listener);
        return () => wakeListeners.delete(listener);
      },
    },
    reportError: () => undefined,
  };

  const openBody = (signal: AbortSignal, code: number, headers: Record<string, string>, obeys: boolean): Response => {
    let body: (typeof bodies)[0] | undefined;
    const readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        body = { controller, open: true };
        bodies.push(body);
      },
      cancel: () => {
        if (body !== undefined) body.open = false;
      },
    });
    if (obeys) {
      signal.addEventListener('abort', () => {
        if (body?.open !== true) return;
        body.open = false;
        body.controller.error(signal.reason);
      });
    }
    return new Response(readable, { status: code, headers });
  };

  const fetch = (_: unknown, init: RequestInit = {}): Promise<Response> => {
    const signal = init.signal ?? new AbortController().signal;
    signals.push(signal);
    const eventStream = { 'Content-Type': 'text/event-stream' };
    switch (answers.shift() ?? 'hangs') {
      case 'stream':
        return Promise.resolve(openBody(signal, 200, eventStream, true));
      case 'session':
        return Promise.resolve(openBody(signal, 200, { ...eventStream, 'Sillage-Session-Ms': '20000' }, true));
      case 'ignores-signal':
        return Promise.resolve(openBody(signal, 200, { ...eventStream, 'Sillage-Heartbeat-Ms': '1000' }, false));
      case 'throws':
        return Promise.reject(new TypeError('refused'));
      case '204':
        return Promise.resolve(new Response(null, { status: 204 }));
      case '401':
        return Promise.resolve(openBody(signal, 401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' }, true));
      case '403':
        return Promise.resolve(new Response('no', { status: 403 }));
      case '503':
        return Promise.resolve(new Response('', { status: 503, headers: { 'Retry-After': '3' } }));
      case '503-endless':
        return Promise.resolve(openBody(signal, 503, {}, false));
      case 'page':
        return Promise.resolve(openBody(signal, 200, { 'Content-Type': 'text/html' }, false));
      case 'hangs':
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        );
    }
  };

  let given = 0;
  const accessToken: EventStreamOptions['accessToken'] = () => {
    switch (tokens.shift() ?? 'token') {
      case 'token':
        return Promise.resolve(`token-${(given += 1)}`);
      case 'later':
        throw new AccessTokenError('away', { retry: 'later' });
      case 'never':
        return Promise.reject(new AccessTokenError('none'));
      case 'hangs':
        return new Promise(() => undefined);
      case 'interaction':
        throw new InteractionRequiredError('sign in', {
          settled: (waiting) =>
            new Promise((resolve, reject) => interactions.push({ resolve, reject, signal: waiting })),
        });
    }
  };

  return {
    fetch,
    accessToken,
    runtime,
    interactions,
    body: () => bodies.findLast(({ open }) => open),
    oldBody: () => bodies.find(({ open }) => open),
    wake: () => [...wakeListeners].forEach((listener) => listener()),
    advance: (ms: number) => {
      nowMs += ms;
      for (const timer of [...timers].filter(({ at }) => at <= nowMs)) {
        if (timers.delete(timer)) timer.callback();
      }
    },
    held: () => ({
      timers: timers.size,
      wakeListeners: wakeListeners.size,
      openBodies: bodies.filter(({ open }) => open).length,
      requests: signals.filter((signal) => !signal.aborted).length,
      interactions: interactions.filter(({ signal }) => !signal.aborted).length,
    }),
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Counts the callbacks for the end that each subscriber receives. */
interface Told {
  ends: number;
  closed: number;
  afterEnd: number;
  unsubscribed: boolean;
}

describe('a stream, whatever happens to it', () => {
  it('leaves no timer, listener, request, reader or interaction once it is closed, and tells each subscriber its end once', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ commands, tokens, answers, reactions, method }) => {
        const world = createCountingWorld([...tokens], [...answers]);
        const controller = new AbortController();
        const pendingReactions = [...reactions];
        const subscribers: (Told & { stop: () => void })[] = [];
        const iterators: AsyncIterableIterator<unknown>[] = [];
        const stream: EventStream = createEventStream('https://api.contoso.example/events', {
          fetch: world.fetch,
          accessToken: world.accessToken,
          runtime: world.runtime,
          signal: controller.signal,
          method,
        });

        const react = (told: Told & { stop: () => void }): unknown => {
          switch (pendingReactions.shift() ?? 'nothing') {
            case 'close':
              stream.close();
              return undefined;
            case 'unsubscribe':
              told.unsubscribed = true;
              told.stop();
              return undefined;
            case 'reconnect':
              stream.reconnect();
              return undefined;
            case 'subscribe':
              if (subscribers.length < 10) subscribe();
              return undefined;
            case 'wake':
              world.wake();
              return undefined;
            case 'throw':
              throw new Error('in my own code');
            case 'promise':
              return Promise.resolve();
            case 'nothing':
              return undefined;
          }
        };
        const subscribe = (): void => {
          const told = { ends: 0, closed: 0, afterEnd: 0, unsubscribed: false, stop: (): void => undefined };
          subscribers.push(told);
          const note = (): void => {
            if (told.closed > 0) told.afterEnd += 1;
          };
          const stop = stream.subscribe({
            next: () => {
              note();
              return react(told);
            },
            gap: () => {
              note();
              react(told);
            },
            position: () => {
              note();
              react(told);
            },
            rotate: () => {
              note();
              react(told);
            },
            state: ({ status }) => {
              if (status === 'closed') told.closed += 1;
              else note();
              react(told);
            },
            complete: () => {
              told.ends += 1;
              react(told);
            },
            error: () => {
              told.ends += 1;
              react(told);
            },
          });
          told.stop = stop;
          if (told.unsubscribed) stop();
        };

        for (const each of commands) {
          const body = world.body();
          switch (each.kind) {
            case 'subscribe':
              subscribe();
              break;
            case 'unsubscribe': {
              const told = subscribers.find(({ unsubscribed }) => !unsubscribed);
              if (told !== undefined) told.unsubscribed = true;
              told?.stop();
              break;
            }
            case 'reconnect':
              stream.reconnect();
              break;
            case 'close':
              stream.close();
              break;
            case 'abort':
              controller.abort();
              break;
            case 'wake':
              world.wake();
              break;
            case 'settle':
              world.interactions.at(-1)?.resolve();
              break;
            case 'reject':
              world.interactions.at(-1)?.reject(new Error('cancelled'));
              break;
            case 'iterate':
              if (iterators.length < 3) iterators.push(stream.events({ maxQueuedEvents: 2 }));
              break;
            case 'next':
              iterators
                .at(-1)
                ?.next()
                .catch(() => undefined);
              break;
            case 'return':
              void iterators.at(-1)?.return?.();
              break;
            case 'advance':
              world.advance(each.ms);
              break;
            case 'write':
              body?.controller.enqueue(new TextEncoder().encode(each.text));
              break;
            case 'write-old':
              world.oldBody()?.controller.enqueue(new TextEncoder().encode(each.text));
              break;
            case 'end':
              if (body !== undefined) body.open = false;
              body?.controller.close();
              break;
            case 'break':
              if (body !== undefined) body.open = false;
              body?.controller.error(new TypeError('reset'));
              break;
            case 'turn':
              break;
          }
          await turn();
        }
        stream.close();
        for (let n = 0; n < 6; n += 1) await turn();
        // A wait that is over meets a closed stream: nothing comes of it.
        world.advance(10_000_000);
        for (let n = 0; n < 3; n += 1) await turn();

        expect(world.held()).toEqual({ timers: 0, wakeListeners: 0, openBodies: 0, requests: 0, interactions: 0 });
        const { state } = stream;
        const ends = state.status === 'closed' && state.reason !== 'closed' ? 1 : 0;
        for (const told of subscribers) {
          expect(told.afterEnd).toBe(0);
          expect(told.closed).toBeLessThanOrEqual(1);
          expect(told.ends).toBeLessThanOrEqual(ends);
          if (!told.unsubscribed) expect([told.closed, told.ends]).toEqual([1, ends]);
        }
        for (const iterator of iterators) {
          // What is queued is still read; then every iterator is at its end.
          for (let n = 0; n < 20; n += 1) await iterator.next().catch(() => undefined);
          expect(await iterator.next()).toEqual({ done: true, value: undefined });
        }
      }),
      { numRuns: 1_500 },
    );
  }, 60_000);
});
