import {
  createEventStream,
  isSseError,
  type AccessTokenRequest,
  type EventStream,
  type EventStreamOptions,
  type Gap,
  type SseEvent,
} from '@sillage/client';
import { createMultiplexer, type Multiplexer } from '@sillage/client/sharing';
import { expectEqual } from './expect-equal.ts';
import type { Scenario, World } from './world.ts';

/** Reconnects at once: the waiting is tested elsewhere. */
const reconnect = { baseDelayMs: 1 } as const;

function open<T>(world: World, url: string, options: EventStreamOptions<T> = {}): EventStream<T> {
  return createEventStream<T>(url, { accessToken: () => world.token(), reconnect, ...options });
}

/** How long a scenario waits before it fails with a reason: shorter than a test may take. */
const limitMs = 15_000;

async function within<R>(promise: Promise<R>, what: () => string): Promise<R> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${limitMs} ms ${what()}`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Subscribes, and can wait for a number of events. */
function collect<T>(stream: EventStream<T>) {
  const events: SseEvent<T>[] = [];
  const gaps: Gap[] = [];
  const states: string[] = [];
  let rotations = 0;
  const checks = new Set<() => void>();
  const notify = (): void => checks.forEach((check) => check());
  const settled = Promise.withResolvers<unknown>();
  const stop = stream.subscribe({
    next: (event) => {
      events.push(event);
      notify();
    },
    gap: (gap) => {
      gaps.push(gap);
      notify();
    },
    state: ({ status }) => void states.push(status),
    rotate: () => {
      rotations += 1;
      notify();
    },
    error: (error) => settled.resolve(error),
    complete: () => settled.resolve('complete'),
  });
  /** What the stream had when a wait was given up. */
  const facts = (): string =>
    `${events.length} events, the last ${JSON.stringify(events.slice(-3))}, gaps ${JSON.stringify(gaps)}, state ${JSON.stringify(stream.state)}, position "${stream.lastEventId}"`;
  const until = (condition: () => boolean): Promise<void> =>
    within(
      new Promise((resolve) => {
        const check = (): void => {
          if (!condition()) return;
          checks.delete(check);
          resolve();
        };
        checks.add(check);
        check();
      }),
      () => `for ${condition.toString()}. The stream had ${facts()}.`,
    );
  return {
    events,
    gaps,
    /** Each state that the stream has moved to. */
    states,
    rotations: () => rotations,
    /** How the stream ended: `'complete'`, or its error. */
    get end(): Promise<unknown> {
      return within(settled.promise, () => `for the end of the stream. It had ${facts()}.`);
    },
    until,
    /** Resolves once the client has a position (PROTOCOL 4.3). The server has the session by then. */
    placed: (): Promise<void> =>
      within(
        (async () => {
          while (stream.lastEventId === '') await new Promise((resolve) => setTimeout(resolve, 5));
        })(),
        () => `for a position. The stream had ${facts()}.`,
      ),
    data: () => events.map(({ data }) => data),
    stop,
  };
}

async function endOf(stream: EventStream): Promise<string> {
  const error = await collect(stream).end;
  return isSseError(error) ? `${error.code}${'status' in error ? ` ${String(error.status)}` : ''}` : String(error);
}

function openShared(multiplexer: Multiplexer, topic: string, accessToken: () => Promise<string>) {
  const stream = multiplexer.stream<number | string>(`/topics/${topic}`, { accessToken, reconnect });
  return { topic, seen: collect(stream) };
}

/** As a cache of tokens does: one token for all who ask, until half of its life is over. */
function cachedToken(world: World, lifetimeMs = 3_600_000): () => Promise<string> {
  let current: { readonly token: Promise<string>; readonly until: number } | undefined;
  return () => {
    if (current === undefined || current.until < Date.now()) {
      current = { token: world.token({ lifetimeMs }), until: Date.now() + lifetimeMs / 2 };
    }
    return current.token;
  };
}

async function untilTrue(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const numbers = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, n) => first + n);
const asEvents = (values: readonly unknown[]): { data: unknown }[] => values.map((data) => ({ data }));

/** What every client and server that follow PROTOCOL.md must do together. Registered once, run on every runtime. */
export const scenarios: readonly Scenario[] = [
  {
    name: 'PROTOCOL 2.2: a token in the URL is refused',
    run: async (world) => {
      const response = await fetch(`${world.topic('a')}?access_token=${await world.token()}`);
      expectEqual(
        [response.status, response.headers.get('Content-Type')?.split(';')[0]],
        [400, 'application/problem+json'],
      );
    },
  },
  {
    name: 'PROTOCOL 3.7: a connection that has nothing to say yet begins with a byte',
    needs: 'session-announcements',
    run: async (world) => {
      const lifetimeMs = 60_000;
      const response = await fetch(world.topic('quiet'), {
        headers: { Authorization: `Bearer ${await world.token({ lifetimeMs })}`, Accept: 'text/event-stream' },
      });
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      const { value } = await reader.read();
      await reader.cancel();
      expectEqual(value?.[0], ':'.charCodeAt(0));
    },
  },
  {
    name: 'PROTOCOL 3.8: a connection says how long it will last, which is no longer than its token',
    needs: 'session-announcements',
    run: async (world) => {
      const lifetimeMs = 60_000;
      const response = await fetch(world.topic('announced'), {
        headers: { Authorization: `Bearer ${await world.token({ lifetimeMs })}`, Accept: 'text/event-stream' },
      });
      const announced = response.headers.get('Sillage-Session-Ms') ?? '';
      await response.body?.cancel();
      expectEqual(/^[1-9][0-9]*$/.test(announced), true);
      expectEqual(Number(announced) > lifetimeMs / 2 && Number(announced) <= lifetimeMs, true);
    },
  },
  {
    name: 'PROTOCOL 3.3: 204 completes',
    needs: 'finite-streams',
    run: async (world) => expectEqual(await endOf(open(world, world.url('/empty'))), 'complete'),
  },
  {
    name: 'PROTOCOL 4.1: data, types and IDs arrive as they were published, whatever they hold',
    run: async (world) => {
      const values = [
        'a\nb',
        'a\r\nb\rc',
        '',
        ' leading',
        'data: x\n\nevent: y',
        '\0',
        'déjà 👋 \u2028',
        { deep: [1, null, '\n'] },
        'x'.repeat(100_000),
      ];
      const seen = collect(open(world, world.topic('bytes')));
      await world.sessions('bytes', 1);
      await world.publish('bytes', ...values.map((data) => ({ type: 'näme', data })));
      await seen.until(() => seen.events.length === values.length);
      seen.stop();
      expectEqual(seen.data(), values);
      expectEqual([...new Set(seen.events.map(({ type }) => type))], ['näme']);
    },
  },
  {
    name: 'PROTOCOL 4.3: a connection that drops before its first event has a position to resume from',
    run: async (world) => {
      const seen = collect(open(world, world.topic('early')));
      await seen.placed();
      await world.cutConnections();
      await world.publish('early', { data: 1 });
      await seen.until(() => seen.events.length === 1);
      seen.stop();
      expectEqual(seen.data(), [1]);
    },
  },
  {
    name: 'PROTOCOL 5.1: loses and repeats nothing over connections that are cut again and again',
    run: async (world) => {
      const seen = collect(open<number>(world, world.topic('cut')));
      await seen.placed();
      for (const from of [1, 21, 41, 61, 81]) {
        await world.publish('cut', ...asEvents(numbers(from, from + 9)));
        await world.cutConnections();
        await world.publish('cut', ...asEvents(numbers(from + 10, from + 19)));
        await seen.until(() => seen.events.length >= from + 19);
      }
      seen.stop();
      expectEqual(seen.data(), numbers(1, 100));
      expectEqual(seen.gaps, []);
    },
  },
  {
    name: 'PROTOCOL 5.3: tells a gap for what the log has removed, and replays the rest',
    run: async (world) => {
      const first = collect(open(world, world.topic('trimmed')));
      await world.sessions('trimmed', 1);
      await world.publish('trimmed', { data: 0 });
      await first.until(() => first.events.length === 1);
      first.stop();
      await world.sessions('trimmed', 0);
      await world.publish('trimmed', ...asEvents(numbers(1, 60)));
      const lastEventId = first.events[0]?.id ?? '';
      const seen = collect(open<number>(world, world.topic('trimmed'), { lastEventId }));
      await seen.until(() => seen.events.length === 50);
      seen.stop();
      expectEqual(seen.gaps, [{ reason: 'trimmed', after: lastEventId }]);
      expectEqual(seen.data(), numbers(11, 60));
    },
  },
  {
    name: 'PROTOCOL 5.3: tells a gap for a log that was lost, and replays the new one from its beginning',
    run: async (world) => {
      const stream = open<number>(world, world.topic('epoch'));
      const seen = collect(stream);
      await world.sessions('epoch', 1);
      await world.publish('epoch', { data: 1 });
      await seen.until(() => seen.events.length === 1);
      const after = stream.lastEventId;
      await world.loseLog();
      await world.publish('epoch', { data: 2 });
      await seen.until(() => seen.events.length === 2);
      seen.stop();
      expectEqual(seen.gaps, [{ reason: 'epoch', after }]);
      expectEqual(seen.data(), [1, 2]);
    },
  },
  {
    name: "PROTOCOL 5.3: a position that is none of the log's is told as a gap",
    run: async (world) => {
      const seen = collect(open(world, world.topic('unknown'), { lastEventId: 'from elsewhere' }));
      await seen.until(() => seen.gaps.length === 1);
      seen.stop();
      expectEqual(seen.gaps, [{ reason: 'unknown', after: 'from elsewhere' }]);
    },
  },
  {
    name: 'PROTOCOL 5.3: a position that is not ASCII reaches the server as it is',
    needs: 'other-than-ascii',
    run: async (world) => {
      const seen = collect(open(world, world.topic('unknown'), { lastEventId: 'from elsewhere 👋' }));
      await seen.until(() => seen.gaps.length === 1);
      seen.stop();
      expectEqual(seen.gaps, [{ reason: 'unknown', after: 'from elsewhere 👋' }]);
    },
  },
  {
    name: 'PROTOCOL 6.1: a stream outlives its tokens, and no event is lost between them',
    run: async (world) => {
      let tokens = 0;
      const seen = collect(
        open<number>(world, world.topic('expiry'), {
          accessToken: () => {
            tokens += 1;
            return world.token(tokens < 3 ? { lifetimeMs: world.shortTokenMs } : {});
          },
        }),
      );
      await seen.placed();
      let published = 0;
      // Until the third token is in use: how many events that takes depends on the machine. Never more ahead than the log holds.
      while (tokens < 3 || published < 20) {
        published += 1;
        await world.publish('expiry', { data: published });
        await seen.until(() => seen.events.length > published - 20);
      }
      await seen.until(() => seen.events.length === published);
      seen.stop();
      expectEqual(seen.gaps, []);
      expectEqual(seen.data(), numbers(1, published));
    },
  },
  {
    name: 'PROTOCOL 5.6: a connection that resumes says which position it has reached before it is live',
    needs: 'rotation',
    run: async (world) => {
      const first = collect(open(world, world.topic('reached')));
      await first.placed();
      await world.publish('reached', ...asEvents([1, 2, 3]));
      await first.until(() => first.events.length === 3);
      first.stop();
      const [one, , three] = first.events;
      const response = await fetch(world.topic('reached'), {
        headers: {
          Authorization: `Bearer ${await world.token()}`,
          Accept: 'text/event-stream',
          'Last-Event-ID': one?.id ?? '',
        },
      });
      const reader = (response.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream()).getReader();
      let received = '';
      const reached = new RegExp(`\n\nid: (${three?.id ?? ''}|[^\n]+)\n\n`);
      while (!reached.test(received)) {
        const { value, done } = await within(reader.read(), () => `for the position. Received ${received}.`);
        if (done) break;
        received += value;
      }
      await reader.cancel();
      expectEqual(received.match(/^data: .*$/gm), ['data: 2', 'data: 3']);
      expectEqual(reached.test(received), true);
    },
  },
  {
    name: 'PROTOCOL 9.4: while tokens expire one after the other, every event arrives once, and the stream stays open',
    needs: 'rotation',
    run: async (world) => {
      const token = (): Promise<string> => world.token({ lifetimeMs: 2_500 });
      const seen = collect(open<number>(world, world.topic('rotated'), { accessToken: token }));
      await seen.placed();
      let published = 0;
      while (seen.rotations() < 3) {
        await world.publish('rotated', { data: (published += 1) });
        if (published > 2_000) throw new Error(`There were ${seen.rotations()} rotations in ${published} events.`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await seen.until(() => seen.events.length >= published);
      seen.stop();
      expectEqual(seen.data(), numbers(1, published));
      expectEqual([seen.gaps, seen.states.slice(0, 2)], [[], ['connecting', 'open']]);
      expectEqual(
        seen.states.filter((state) => state === 'connecting'),
        ['connecting'],
      );
    },
  },
  {
    name: 'PROTOCOL 9.1: five streams of one origin rotate, where a browser has six connections, and none waits forever',
    needs: 'rotation',
    run: async (world) => {
      const token = (): Promise<string> => world.token({ lifetimeMs: 2_500 });
      const all = ['five-1', 'five-2', 'five-3', 'five-4', 'five-5'].map((topic) => ({
        topic,
        seen: collect(open<number>(world, world.topic(topic), { accessToken: token })),
      }));
      for (const { seen } of all) await seen.placed();
      let published = 0;
      while (all.some(({ seen }) => seen.rotations() < 2)) {
        published += 1;
        for (const { topic } of all) await world.publish(topic, { data: published });
        if (published > 1_000) throw new Error(`Rotations: ${all.map(({ seen }) => seen.rotations()).join(', ')}.`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      for (const { seen } of all) {
        await seen.until(() => seen.events.length >= published);
        seen.stop();
        expectEqual([seen.data(), seen.gaps], [numbers(1, published), []]);
      }
    },
  },
  {
    name: 'PROTOCOL 9.7: a server that drains is left for another one, and the stream stays open',
    needs: 'rotation',
    run: async (world) => {
      const seen = collect(open<number>(world, world.topic('drained')));
      await seen.placed();
      await world.publish('drained', ...asEvents(numbers(1, 10)));
      const drained = world.drain(5_000);
      await world.publish('drained', ...asEvents(numbers(11, 20)));
      await within(drained, () => 'for the server to be empty.');
      await world.publish('drained', ...asEvents(numbers(21, 30)));
      await seen.until(() => seen.events.length >= 30);
      seen.stop();
      expectEqual(seen.data(), numbers(1, 30));
      expectEqual([seen.gaps, seen.rotations() >= 1], [[], true]);
      expectEqual(
        seen.states.filter((state) => state === 'connecting'),
        ['connecting'],
      );
    },
  },
  {
    name: 'PROTOCOL 10: twenty streams are open on one connection, and none loses an event while tokens expire',
    needs: 'multiplexing',
    run: async (world) => {
      const multiplexer = createMultiplexer(world.url('/shared'));
      const token = cachedToken(world, 4_000);
      const all = numbers(1, 20).map((n) => openShared(multiplexer, `twenty-${n}`, token));
      for (const { seen } of all) await seen.placed();
      expectEqual(multiplexer.connectionCount, 1);
      let published = 0;
      while (all.some(({ seen }) => seen.rotations() < 2)) {
        for (const { topic } of all) await world.publish(topic, { data: (published += 1) });
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (published > 5_000) throw new Error(`Rotations: ${all.map(({ seen }) => seen.rotations()).join(', ')}.`);
      }
      for (const [index, { seen }] of all.entries()) {
        const own = numbers(1, published).filter((n) => (n - 1) % all.length === index);
        await seen.until(() => seen.events.length >= own.length);
        expectEqual([seen.data(), seen.gaps, seen.states], [own, [], ['connecting', 'open']]);
      }
      for (const { seen } of all) seen.stop();
      await within(
        untilTrue(() => multiplexer.connectionCount === 0),
        () => 'for the connections to be closed.',
      );
    },
  },
  {
    name: 'PROTOCOL 10.6: streams that are opened one after the other end up on one connection, without a pause',
    needs: 'multiplexing',
    run: async (world) => {
      const multiplexer = createMultiplexer(world.url('/shared'));
      const token = cachedToken(world);
      const all: ReturnType<typeof openShared>[] = [];
      for (const n of numbers(1, 5)) {
        all.push(openShared(multiplexer, `later-${n}`, token));
        await all.at(-1)?.seen.placed();
        for (const { topic } of all) await world.publish(topic, ...asEvents([n, n + 0.5]));
      }
      await within(
        untilTrue(() => multiplexer.connectionCount === 1),
        () => 'for one connection.',
      );
      for (const [index, { topic, seen }] of all.entries()) {
        await world.publish(topic, { data: 'last' });
        const expected = numbers(index + 1, 5).flatMap((n) => [n, n + 0.5]);
        await seen.until(() => seen.events.length > expected.length);
        seen.stop();
        expectEqual(
          [seen.data(), seen.gaps, seen.states.slice(0, 2)],
          [[...expected, 'last'], [], ['connecting', 'open']],
        );
      }
    },
  },
  {
    name: 'PROTOCOL 10.4: one stream of a connection is refused, and the others are open',
    needs: 'multiplexing',
    run: async (world) => {
      const multiplexer = createMultiplexer(world.url('/shared'));
      const token = cachedToken(world);
      const missing = collect(multiplexer.stream('/nowhere', { accessToken: token, reconnect }));
      const { topic, seen } = openShared(multiplexer, 'beside', token);
      await seen.placed();
      await world.publish(topic, { data: 1 });
      await seen.until(() => seen.events.length === 1);
      const error = await missing.end;
      seen.stop();
      expectEqual(isSseError(error) && 'status' in error ? error.status : error, 404);
    },
  },
  {
    name: 'PROTOCOL 6.2: a finite stream completes, by GET and by POST',
    needs: 'finite-streams',
    run: async (world) => {
      for (const options of [{}, { body: 'x' }]) {
        const seen = collect(open<number>(world, world.url('/count'), options));
        expectEqual(await seen.end, 'complete');
        expectEqual(seen.data(), [1, 2, 3]);
      }
    },
  },
  {
    name: 'PROTOCOL 6.2: a client that does not know complete, and reconnects after it, is answered by 204',
    needs: 'finite-streams',
    run: async (world) => {
      const headers = { Authorization: `Bearer ${await world.token()}`, Accept: 'text/event-stream' };
      const text = await (await fetch(world.url('/count'), { headers })).text();
      const lastEventId = [...text.matchAll(/^id: ?(.*)$/gm)].at(-1)?.[1] ?? '';
      const again = await fetch(world.url('/count'), { headers: { ...headers, 'Last-Event-ID': lastEventId } });
      expectEqual([again.status, await again.text()], [204, '']);
    },
  },
  {
    name: 'PROTOCOL 6.3: a finite stream that fails sends the reason after its events',
    needs: 'finite-streams',
    run: async (world) => {
      const seen = collect(open<number>(world, world.url('/count?fail')));
      const error = (await seen.end) as { code: string; failure: string; message: string };
      expectEqual(
        [error.code, error.failure, error.message],
        ['stream-failed', 'out-of-numbers', 'There are no more numbers.'],
      );
      expectEqual(seen.data(), [1, 2, 3]);
    },
  },
  {
    name: 'PROTOCOL 7.1, 7.2, 7.3: refuses a missing token, an expired one and one without the scope, each with its own answer',
    run: async (world) => {
      const anonymous = createEventStream(world.topic('a'));
      expectEqual(await endOf(anonymous), 'http-error 401');
      let expired = 0;
      expectEqual(
        await endOf(
          open(world, world.topic('a'), {
            accessToken: () => world.token({ lifetimeMs: -1_000_000 * (expired += 1) }),
          }),
        ),
        'http-error 401',
      );
      expectEqual(expired, 2);
      expectEqual(
        await endOf(open(world, world.topic('a'), { accessToken: () => world.token({ scope: 'other' }) })),
        'http-error 403',
      );
    },
  },
  {
    name: 'PROTOCOL 7.4: a claims challenge reaches the token callback, and the next token answers it',
    needs: 'claims-challenges',
    run: async (world) => {
      const demands: AccessTokenRequest['demand'][] = [];
      const seen = collect(
        open(world, world.url('/guarded/secret'), {
          accessToken: ({ demand }) => {
            demands.push(demand);
            return world.token(demand?.claims == null ? {} : { context: 'c1' });
          },
        }),
      );
      await world.sessions('secret', 1);
      seen.stop();
      expectEqual(demands, [
        null,
        { error: 'insufficient_claims', claims: '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}' },
      ]);
    },
  },
  {
    name: 'closing a stream ends its session on the server',
    run: async (world) => {
      const seen = collect(open(world, world.topic('closing')));
      await world.sessions('closing', 1);
      seen.stop();
      await world.sessions('closing', 0);
    },
  },
];
