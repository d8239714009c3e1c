import { describe, expect, it } from 'vitest';
import { resolveOptions, type EventStreamOptions } from '../options/index.ts';
import { url } from '../testing/listen.fixture.ts';
import { scriptedStream, ScriptedWorld, settle } from '../testing/scripted-world.fixture.ts';
import type { AttemptEnd } from './attempt-end.ts';
import { readConnection, type ConnectionPort } from './read-connection.ts';

/** A promise that the test resolves. */
type Deferred = ReturnType<typeof Promise.withResolvers<undefined>>;

/** Reads a connection, and records what it brings. */
function read(options: EventStreamOptions = {}, heartbeatMs?: number) {
  const server = scriptedStream();
  const world = new ScriptedWorld();
  const seen: unknown[] = [];
  const ends: AttemptEnd[] = [];
  /** What the next events wait for. */
  const slow: Deferred[] = [];
  const consumer = {
    busy: undefined as Promise<undefined> | undefined,
    ready: undefined as Promise<void> | undefined,
    event: ({ data }: { data: unknown }) => {
      seen.push(data);
      return slow.shift()?.promise;
    },
    reached: (id: string) => void seen.push(`moved to ${id}`),
    gap: ({ reason }: { reason: string }, id: string) => void seen.push(`gap ${reason} before ${id}`),
  };
  const port: ConnectionPort<unknown> = {
    consumer,
    live: undefined,
    retry: (delayMs) => void seen.push(`retry ${delayMs}`),
    rotate: (withinMs) => void seen.push(`rotate within ${withinMs}`),
    ended: (end) => void ends.push(end),
  };
  const { body } = server.response;
  if (body === null) throw new Error('The response has no body.');
  const settings = resolveOptions(url, { runtime: world.runtime, ...options });
  const reader = readConnection({ body, heartbeatMs, sessionMs: undefined, server: 'other' }, '', settings, port);
  return { server, world, seen, ends, slow, consumer, port, reader };
}

const deferred = (): Deferred => Promise.withResolvers<undefined>();

describe('reading a connection', () => {
  it('delivers events, positions, gaps and retry in the order of the bytes', async () => {
    const { server, seen, ends } = read();
    await server.write(
      'retry: 5\ndata: 1\n\nid: a\n\nid: b\nevent: gap\ndata: {"reason":"epoch","after":"x"}\n\ndata: 2\n\n',
    );
    expect(seen).toEqual(['retry 5', 1, 'moved to a', 'gap epoch before b', 2]);
    expect(ends).toEqual([]);
  });

  it('reports one end and nothing after it, also if the same bytes hold more', async () => {
    const { server, world, seen, ends } = read({}, 1_000);
    await server.write(
      'data: 1\n\nevent: complete\ndata:\n\ndata: 2\n\nid: a\n\nretry: 5\n\nevent: complete\ndata:\n\n',
    );
    await server.end().catch(() => undefined);
    await world.advance(60_000);
    expect(seen).toEqual([1, 'moved to ']);
    expect(ends).toMatchObject([{ outcome: { kind: 'completed' } }]);
    expect(world.held).toBe(0);
  });

  it('reports nothing after stop(), and cancels the body', async () => {
    const { server, world, seen, ends, reader } = read({}, 1_000);
    reader.stop();
    await expect(server.write('data: 1\n\n')).rejects.toBeUndefined();
    await world.advance(60_000);
    expect([...seen, ...ends]).toEqual([]);
    expect(world.held).toBe(0);
  });

  it('delivers nothing more if an event stops it', async () => {
    const { server, seen, ends, consumer, reader } = read();
    const { event } = consumer;
    consumer.event = (received) => {
      reader.stop();
      return event(received);
    };
    await server.write('data: 1\n\ndata: 2\n\nid: a\n\nretry: 5\n\n');
    expect(seen).toEqual([1]);
    expect(ends).toEqual([]);
  });

  it('calls back once at the next bytes', async () => {
    const { server, reader } = read();
    let calls = 0;
    reader.onNextBytes(() => (calls += 1));
    await server.write(':\n');
    await server.write(':\n');
    expect(calls).toBe(1);
  });

  it('keeps the cause of a connection that broke', async () => {
    const { server, ends } = read();
    await server.breakOff();
    expect(ends).toMatchObject([
      {
        outcome: { kind: 'interrupted' },
        error: { code: 'connection-closed', cause: { message: 'reset by peer' } },
      },
    ]);
  });

  it('ends a connection whose reader fails', async () => {
    const { server, ends, consumer } = read();
    const broken = new Error('in the consumer');
    consumer.event = () => {
      throw broken;
    };
    await server.write('data: 1\n\n');
    expect(ends).toMatchObject([{ outcome: { kind: 'interrupted' }, error: { cause: broken } }]);
  });

  it('fails at an event that exceeds maxEventChars', async () => {
    const { server, seen, ends } = read({ maxEventChars: 10, decode: 'text' });
    await server.write(`data: 1\n\ndata: ${'x'.repeat(11)}\n\ndata: 2\n\n`);
    expect(seen).toEqual(['1']);
    expect(ends).toMatchObject([
      {
        outcome: { kind: 'impossible' },
        error: { code: 'event-too-large', message: 'An event exceeds maxEventChars (10).' },
      },
    ]);
  });
});

describe('the silence of a connection', () => {
  it('says which limit was exceeded', async () => {
    const heartbeat = read({}, 1_000);
    await heartbeat.world.advance(2_500);
    expect(heartbeat.ends).toMatchObject([
      {
        outcome: { kind: 'interrupted' },
        error: { code: 'heartbeat-timeout', message: 'connection closed: no bytes for 2500 ms.' },
      },
    ]);
    const idle = read({ idleTimeoutMs: 700 });
    await idle.world.advance(700);
    expect(idle.ends).toMatchObject([
      {
        outcome: { kind: 'interrupted' },
        error: { code: 'idle-timeout', message: 'connection closed: no event for 700 ms.' },
      },
    ]);
  });

  it.each([
    ['an event', 'data: 1\n\n'],
    ['a gap', 'event: gap\ndata: {"reason":"epoch","after":"x"}\n\n'],
  ])('is ended by %s', async (_, text) => {
    const { server, world, ends } = read({ idleTimeoutMs: 1_000 });
    for (let n = 0; n < 3; n += 1) {
      await world.advance(900);
      await server.write(text);
    }
    expect(ends).toEqual([]);
    await world.advance(1_000);
    expect(ends).toMatchObject([{ error: { code: 'idle-timeout' } }]);
  });

  it('begins again after a slow subscriber is done, and after a pause', async () => {
    for (const holdUp of ['subscriber', 'pause'] as const) {
      const { server, world, ends, slow, consumer } = read({ idleTimeoutMs: 1_000 });
      const wait = deferred();
      if (holdUp === 'subscriber') slow.push(wait);
      else consumer.ready = wait.promise.then(() => (consumer.ready = undefined));
      await server.write('data: 1\n\n');
      await world.advance(60_000);
      expect(ends).toEqual([]);
      wait.resolve(undefined);
      await settle();
      await world.advance(999);
      expect(ends).toEqual([]);
      await world.advance(1);
      expect(ends).toMatchObject([{ error: { code: 'idle-timeout' } }]);
    }
  });
});

describe('a connection whose subscriber is slow', () => {
  it('delivers what came meanwhile in its order once the subscriber is done, chunk by chunk', async () => {
    const { server, seen, slow } = read();
    const waits = [deferred(), deferred(), deferred()];
    slow.push(...waits);
    await server.write('data: 1\n\nid: a\n\ndata: 2\n\nid: b\n\ndata: 3\n\n');
    expect(seen).toEqual([1]);
    waits[0]?.resolve(undefined);
    await settle();
    expect(seen).toEqual([1, 'moved to a', 2]);
    waits[1]?.resolve(undefined);
    await settle();
    expect(seen).toEqual([1, 'moved to a', 2, 'moved to b', 3]);
    waits[2]?.resolve(undefined);
    slow.push(deferred());
    await server.write('data: 4\n\ndata: 5\n\n');
    expect(seen.slice(5)).toEqual([4]);
  });

  it('reads on after several slow events in separate chunks', async () => {
    const { server, seen, ends, slow } = read();
    for (const n of [1, 2, 3]) {
      const wait = deferred();
      slow.push(wait);
      await server.write(`data: ${n}\n\nid: after-${n}\n\n`);
      wait.resolve(undefined);
      await settle();
    }
    expect(seen).toEqual([1, 'moved to after-1', 2, 'moved to after-2', 3, 'moved to after-3']);
    expect(ends).toEqual([]);
  });

  it('fails at an event that is too large only after the events before it', async () => {
    const { server, seen, ends, slow } = read({ maxEventChars: 10, decode: 'text' });
    const wait = deferred();
    slow.push(wait);
    await server.write(`data: 1\n\ndata: 2\n\ndata: ${'x'.repeat(11)}\n\n`);
    expect(seen).toEqual(['1']);
    expect(ends).toEqual([]);
    wait.resolve(undefined);
    await settle();
    expect(seen).toEqual(['1', '2']);
    expect(ends).toMatchObject([{ error: { code: 'event-too-large' } }]);
  });

  it('delivers nothing that waited if it is stopped meanwhile, or by one of the events that waited', async () => {
    const first = read();
    const wait = deferred();
    first.slow.push(wait);
    await first.server.write('data: 1\n\ndata: 2\n\n');
    first.reader.stop();
    wait.resolve(undefined);
    await settle();
    expect(first.seen).toEqual([1]);

    const second = read();
    const other = deferred();
    second.slow.push(other);
    await second.server.write('data: 1\n\ndata: 2\n\ndata: 3\n\nid: a\n\n');
    second.consumer.event = ({ data }) => {
      second.seen.push(data);
      second.reader.stop();
      return undefined;
    };
    other.resolve(undefined);
    await settle();
    expect(second.seen).toEqual([1, 2]);
    expect(second.ends).toEqual([]);
  });
});

describe('a connection with a schema', () => {
  const schema = (validate: (value: unknown) => unknown) =>
    ({ decode: { '~standard': { version: 1, vendor: 'test', validate } } }) as EventStreamOptions;

  it('says everything that the schema found', async () => {
    const issues = [{ message: 'Expected a number' }, { message: 'Too small' }];
    const { server, ends } = read(schema(() => ({ issues })));
    await server.write('data: "x"\n\n');
    expect(ends).toMatchObject([
      { error: { issues, message: expect.stringContaining('the schema: Expected a number; Too small') as string } },
    ]);
  });

  it('delivers what a synchronous schema returns', async () => {
    const { server, seen } = read(schema((value) => ({ value: { value } })));
    await server.write('data: 1\n\nid: a\n\ndata: 2\n\n');
    expect(seen).toEqual([{ value: 1 }, 'moved to a', { value: 2 }]);
  });

  it('delivers nothing that an asynchronous schema returns after stop()', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const { server, seen, ends, reader } = read(schema(() => promise));
    await server.write('data: 1\n\ndata: 2\n\n');
    reader.stop();
    resolve({ value: 1 });
    await settle();
    expect([...seen, ...ends]).toEqual([]);
  });

  it('delivers the next event after the one whose subscriber is slow', async () => {
    const { server, seen, slow } = read(schema((value) => Promise.resolve({ value })));
    const wait = deferred();
    slow.push(wait);
    await server.write('data: 1\n\ndata: 2\n\n');
    expect(seen).toEqual([1]);
    wait.resolve(undefined);
    await settle();
    expect(seen).toEqual([1, 2]);
  });
});
