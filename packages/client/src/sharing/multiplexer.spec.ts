import { describe, expect, it } from 'vitest';
import type { EventStream } from '../stream/index.ts';
import { scriptedStream, ScriptedWorld, settle, type ScriptedStream } from '../testing/scripted-world.fixture.ts';
import { FakeOrigin } from '../testing/fake-origin.fixture.ts';
import { MultiplexingServer } from '../testing/multiplexing-server.fixture.ts';
import { createMultiplexer } from './multiplexer.ts';

const base = 'https://api.contoso.example/v1';

interface Wanted {
  readonly path: string;
  readonly after?: string;
}

/** What the n-th request asked for, by key. */
function wanted(world: ScriptedWorld, index: number): Record<string, Wanted> {
  const body = world.requests[index]?.init.body as string;
  return (JSON.parse(body) as { streams: Record<string, Wanted> }).streams;
}

const head = (key: string, status = 200, headers: Record<string, string> = { 'Content-Type': 'text/event-stream' }) =>
  `event: head\ndata: ${JSON.stringify({ key, status, headers })}\n\n`;
const part = (key: string, text: string) =>
  `event: part\ndata: ${key} ${new TextEncoder().encode(text).length}\n\n${text}`;

function follow(stream: EventStream) {
  const seen = { data: [] as unknown[], states: [] as string[], errors: [] as string[] };
  const stop = stream.subscribe({
    next: ({ data }) => void seen.data.push(data),
    state: ({ status }) => void seen.states.push(status),
    error: ({ code }) => void seen.errors.push(code),
  });
  return { seen, stop };
}

function start(...answers: ConstructorParameters<typeof ScriptedWorld>) {
  const world = new ScriptedWorld(...answers);
  const multiplexer = createMultiplexer(base, { fetch: world.fetch, runtime: world.runtime });
  const open = (path: string) => {
    const stream = multiplexer.stream(path, { accessToken: () => 'token', runtime: world.runtime });
    return { stream, ...follow(stream) };
  };
  return { world, multiplexer, open };
}

/** Two streams on one connection, each with a position. */
async function two(...later: ConstructorParameters<typeof ScriptedWorld>) {
  const connection = scriptedStream({ 'Sillage-Heartbeat-Ms': '1000' });
  const test = start(connection.response, ...later);
  const [a, b] = [test.open('/a'), test.open('/b')];
  await settle();
  await test.world.advance(5);
  await connection.write(head('0') + part('0', 'id: 1\n\n') + head('1') + part('1', 'id: 1\n\n'));
  return { ...test, connection, a, b };
}

async function write(connection: ScriptedStream, ...frames: string[]): Promise<void> {
  for (const frame of frames) await connection.write(frame);
}

describe('a multiplexer', () => {
  it('requests streams that begin together on one connection, with their token and their positions', async () => {
    const { world, connection, a, b, multiplexer } = await two();
    expect(world.requests.map(({ url, init }) => [url, init.method])).toEqual([[`${base}/multiplex`, 'POST']]);
    expect(world.requests[0]?.init.headers.get('Authorization')).toBe('Bearer token');
    expect(wanted(world, 0)).toEqual({ '0': { path: '/a' }, '1': { path: '/b' } });
    await write(connection, part('1', 'id: 2\ndata: "é"\n\n'), part('0', 'id: 3\ndata: 3\n\n'));
    expect([a.seen.data, b.seen.data, a.stream.lastEventId, multiplexer.connectionCount]).toEqual([[3], ['é'], '3', 1]);
    expect(a.seen.states).toEqual(['connecting', 'open']);
  });

  it('reads parts and heads however they are cut into chunks', async () => {
    const { connection, a, b } = await two();
    const bytes = new TextEncoder().encode(part('1', 'id: 2\ndata: "é"\n\n') + ':\n' + part('0', 'id: 3\ndata: 3\n\n'));
    for (const byte of bytes) await connection.writeBytes(Uint8Array.of(byte));
    expect([a.seen.data, b.seen.data]).toEqual([[3], ['é']]);
  });

  it('asks a stream to move between two events, and never within one', async () => {
    const { world, connection, a, b } = await two(scriptedStream().response);
    const text = 'id: 2\ndata: "in two pieces"\n\n';
    const frame = part('0', text);
    await connection.write(frame.slice(0, -10));
    // The set of streams changes, and the rest is asked to move.
    b.stop();
    await world.advance(250);
    await connection.write(frame.slice(-10));
    expect([a.seen.data, a.stream.state.status]).toEqual([['in two pieces'], 'open']);
    await world.advance(0);
    await world.advance(5);
    expect(wanted(world, 1)).toEqual({ '0': { path: '/a', after: '2' } });
  });

  it('gives each stream its own refusal', async () => {
    const connection = scriptedStream();
    const { world, open } = start(connection.response);
    const [a, b] = [open('/a'), open('/b')];
    await settle();
    await world.advance(5);
    await write(
      connection,
      head('0', 403, { 'Content-Type': 'application/problem+json' }) +
        part('0', '{"code":"forbidden"}') +
        'event: end\ndata: 0\n\n',
      head('1') + part('1', 'id: 1\ndata: 1\n\n'),
    );
    expect([a.seen.errors, b.seen.data]).toEqual([['http-error'], [1]]);
  });

  it('adds a stream on a connection at once, and then brings all onto one, without a pause', async () => {
    const second = scriptedStream();
    const third = scriptedStream();
    const { world, multiplexer, connection, a, b, open } = await two(second.response, third.response);
    const c = open('/c');
    await settle();
    await world.advance(5);
    expect(wanted(world, 1)).toEqual({ '0': { path: '/c' } });
    await second.write(head('0') + part('0', 'id: 1\ndata: 1\n\n'));
    await connection.write(part('0', 'id: 2\ndata: 2\n\n'));
    expect(multiplexer.connectionCount).toBe(2);
    await world.advance(250);
    await world.advance(0);
    await world.advance(5);
    expect(Object.values(wanted(world, 2)).sort((one, other) => one.path.localeCompare(other.path))).toEqual([
      { path: '/a', after: '2' },
      { path: '/b', after: '1' },
      { path: '/c', after: '1' },
    ]);
    const keyOf = (path: string) =>
      Object.entries(wanted(world, 2)).find(([, value]) => value.path === path)?.[0] ?? '';
    for (const [path, id] of [
      ['/a', 2],
      ['/b', 1],
      ['/c', 1],
    ] as const)
      await third.write(head(keyOf(path)) + part(keyOf(path), `id: ${id}\n\n`));
    expect([world.requests[0]?.init.signal.aborted, world.requests[1]?.init.signal.aborted]).toEqual([true, true]);
    await third.write(part(keyOf('/a'), 'id: 3\ndata: 3\n\n'));
    expect([a.seen.data, c.seen.data, multiplexer.connectionCount]).toEqual([[2, 3], [1], 1]);
    for (const { seen } of [a, b, c]) expect(seen.states).toEqual(['connecting', 'open']);
  });

  it('shares the response of identical streams that begin together', async () => {
    const connection = scriptedStream();
    const { world, open } = start(connection.response);
    const both = [open('/a'), open('/a')];
    await settle();
    await world.advance(5);
    expect(Object.keys(wanted(world, 0))).toEqual(['0']);
    await connection.write(head('0') + part('0', 'id: 1\ndata: 1\n\n'));
    expect(both.map(({ seen }) => seen.data)).toEqual([[1], [1]]);
  });

  it('asks its streams to move before the session ends, and when the server drains', async () => {
    const connection = scriptedStream({ 'Sillage-Session-Ms': '10000' });
    const second = scriptedStream();
    const third = scriptedStream();
    const { world, open } = start(connection.response, second.response, third.response);
    const a = open('/a');
    await settle();
    await world.advance(5);
    await connection.write(head('0') + part('0', 'id: 1\n\n'));
    await world.advance(5_500);
    await world.advance(0);
    await world.advance(5);
    expect(wanted(world, 1)).toEqual({ '0': { path: '/a', after: '1' } });
    await second.write(head('0') + part('0', 'id: 1\n\n') + 'event: rotate\ndata: {"withinMs":1000}\n\n');
    await world.advance(350);
    await world.advance(0);
    await world.advance(5);
    expect(world.requests).toHaveLength(3);
    await third.write(head('0') + part('0', 'id: 2\ndata: 2\n\n'));
    expect([a.seen.states, a.seen.data]).toEqual([['connecting', 'open'], [2]]);
  });

  it('does not move at once where a session lasts longer than a timer can wait', async () => {
    const connection = scriptedStream({ 'Sillage-Session-Ms': '2200000000000' });
    const world = new ScriptedWorld(connection.response);
    const delays: number[] = [];
    const runtime = {
      ...world.runtime,
      setTimer: (callback: () => void, ms: number) => {
        delays.push(ms);
        return world.runtime.setTimer(callback, ms);
      },
    };
    const multiplexer = createMultiplexer(base, { fetch: world.fetch, runtime });
    follow(multiplexer.stream('/a', { runtime: world.runtime }));
    await settle();
    await world.advance(5);
    await connection.write(head('0'));
    expect(delays.length).toBeGreaterThan(1);
    expect(Math.max(...delays)).toBeLessThan(2 ** 31);
  });

  it('reconnects all streams together after the connection broke', async () => {
    const second = scriptedStream();
    const third = scriptedStream();
    const { world, connection, a, b } = await two(second.response, third.response);
    await connection.breakOff();
    expect([a.seen.states.at(-1), b.seen.states.at(-1)]).toEqual(['waiting', 'waiting']);
    world.randomValue = 0.9;
    a.stream.reconnect();
    await settle();
    await world.advance(5);
    await second.write(head('0') + part('0', 'id: 1\n\n'));
    await world.advance(5);
    expect(wanted(world, 2)).toEqual({ '0': { path: '/b', after: '1' } });
    await third.write(head('0') + part('0', 'id: 2\ndata: 2\n\n'));
    expect(b.seen.data).toEqual([2]);
  });

  it('gives a stream that reads too slowly a separate connection, and the others continue', async () => {
    const own = scriptedStream();
    const { world, connection, a, b } = await two(own.response);
    const slow = Promise.withResolvers<undefined>();
    let answer: Promise<undefined> | undefined = slow.promise;
    a.stream.subscribe({ next: () => answer });
    const large = 'x'.repeat(600_000);
    for (let id = 2; id <= 6; id += 1) {
      await connection.write(part('0', `id: ${id}\ndata: "${large}"\n\n`));
      await connection.write(part('1', `id: ${id}\ndata: ${id}\n\n`));
    }
    expect(b.seen.data).toEqual([2, 3, 4, 5, 6]);
    answer = undefined;
    slow.resolve(undefined);
    await settle();
    await world.advance(200);
    const [, request] = world.requests;
    expect([request?.url, request?.init.method ?? 'GET']).toEqual([`${base}/a`, 'GET']);
    const position = Number(request?.init.headers.get('Last-Event-ID'));
    expect(position).toBeGreaterThan(1);
    for (let id = position + 1; id <= 7; id += 1) await own.write(`id: ${id}\ndata: ${id}\n\n`);
    expect(a.stream.lastEventId).toBe('7');
    expect(a.seen.data).toHaveLength(6);
    expect(a.seen.states).toEqual(['connecting', 'open']);
  });

  it.each([404, 405])('requests each stream alone at a server that answers %s', async (code) => {
    const [a, b] = [scriptedStream(), scriptedStream()];
    const { world, open } = start(new Response(null, { status: code }), a.response, b.response);
    const [first, second] = [open('/a'), open('/b')];
    await settle();
    await world.advance(5);
    await a.write('id: 1\ndata: 1\n\n');
    await b.write('id: 1\ndata: 2\n\n');
    expect([first.seen.data, second.seen.data]).toEqual([[1], [2]]);
    expect(world.requests.map(({ url }) => url)).toEqual([`${base}/multiplex`, `${base}/a`, `${base}/b`]);
    expect(world.requests[1]?.init.headers.get('Authorization')).toBe('Bearer token');
  });

  it('requests a stream alone that the endpoint does not have, and asks the endpoint for it no more if the server has it', async () => {
    const [connection, alone, second] = [scriptedStream(), scriptedStream(), scriptedStream()];
    const { world, open } = start(connection.response, alone.response, second.response);
    const [a, b] = [open('/a'), open('/b')];
    await settle();
    await world.advance(5);
    await connection.write(head('0') + part('0', 'id: 1\n\n') + head('1', 404));
    await settle();
    await alone.write('id: 1\ndata: 2\n\n');
    await connection.write(part('0', 'id: 2\ndata: 1\n\n'));
    expect([a.seen.data, b.seen.data, b.seen.states]).toEqual([[1], [2], ['connecting', 'open']]);
    b.stream.reconnect();
    await settle();
    await world.advance(5);
    expect(world.requests.map(({ url }) => url)).toEqual([`${base}/multiplex`, `${base}/b`, `${base}/b`]);
  });

  it('gives a stream that is nowhere its refusal', async () => {
    const connection = scriptedStream();
    const { world, open } = start(connection.response, new Response(null, { status: 404 }));
    const a = open('/a');
    await settle();
    await world.advance(5);
    await connection.write(head('0', 404));
    await settle();
    expect(a.seen.errors).toEqual(['http-error']);
  });

  it('requests streams without a token alone where the endpoint demands one', async () => {
    const [alone, connection] = [scriptedStream(), scriptedStream()];
    const refusal = new Response(null, { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } });
    const world = new ScriptedWorld(refusal, alone.response, connection.response);
    const multiplexer = createMultiplexer(base, { fetch: world.fetch, runtime: world.runtime });
    const open = (path: string, accessToken: () => string | undefined) =>
      follow(multiplexer.stream(path, { accessToken, runtime: world.runtime }));
    const a = open('/public', () => undefined);
    await settle();
    await world.advance(5);
    await alone.write('id: 1\ndata: 1\n\n');
    open('/private', () => 'token');
    await settle();
    await world.advance(5);
    expect(a.seen.data).toEqual([1]);
    expect(world.requests.map(({ url }) => url)).toEqual([`${base}/multiplex`, `${base}/public`, `${base}/multiplex`]);
  });

  it.each([
    ['an invalid length', 'event: part\ndata: 0 -5\n\n'],
    ['a head that is not JSON', 'event: head\ndata: {\n\n'],
    ['an invalid status', 'event: head\ndata: {"key":"0","status":7,"headers":{}}\n\n'],
  ])('reconnects after %s', async (_, frame) => {
    const connection = scriptedStream();
    const { world, open } = start(connection.response);
    const a = open('/a');
    await settle();
    await world.advance(5);
    await connection.write(frame);
    expect([a.stream.state.status, world.requests[0]?.init.signal.aborted]).toEqual(['waiting', true]);
  });

  it('takes an announced session shorter than a second for no reason to connect at full speed', async () => {
    const answers = Array.from({ length: 50 }, () => () => {
      const connection = scriptedStream({ 'Sillage-Session-Ms': '1' });
      void connection.write(head('0') + part('0', 'id: 1\n\n'));
      return connection.response;
    });
    const { world, open } = start(...answers);
    open('/a');
    for (let ms = 0; ms < 3_000; ms += 10) await world.advance(10);
    expect(world.requests.length).toBeLessThanOrEqual(4);
  });

  it('gives every stream the refusal of the connection', async () => {
    const { world, open } = start(new Response('no', { status: 403 }));
    const both = [open('/a'), open('/b')];
    await settle();
    await world.advance(5);
    expect(both.map(({ seen }) => seen.errors)).toEqual([['http-error'], ['http-error']]);
  });

  it('never puts streams of different tokens on one connection', async () => {
    const world = new ScriptedWorld(scriptedStream().response, scriptedStream().response);
    const multiplexer = createMultiplexer(base, { fetch: world.fetch, runtime: world.runtime });
    for (const token of ['alice', 'bob'])
      follow(multiplexer.stream('/a', { accessToken: () => token, runtime: world.runtime }));
    await settle();
    await world.advance(5);
    expect(world.requests.map(({ init }) => init.headers.get('Authorization'))).toEqual(['Bearer alice', 'Bearer bob']);
  });

  it('moves streams that begin one after the other before it uses up the connections of a browser', async () => {
    const server = new MultiplexingServer();
    const origin = new FakeOrigin();
    const { runtime } = origin.openTab();
    const multiplexer = createMultiplexer('https://api.contoso.example', { fetch: server.fetch, runtime });
    const all = [];
    for (let count = 0; count < 12; count += 1) {
      const stream = multiplexer.stream(`/${count}`, { accessToken: () => 'token', runtime });
      all.push({ ...follow(stream), path: `/${count}` });
      // Too soon for those before to have settled.
      await origin.advance(150);
    }
    await origin.advance(2_000);
    expect([server.connections.size, server.others]).toEqual([1, []]);
    expect(server.most).toBeLessThanOrEqual(5);
    for (const { path } of all) await server.publish(path, 7);
    for (const { seen } of all) expect(seen).toEqual({ data: [7], states: ['connecting', 'open'], errors: [] });
  });

  it('moves a stream whose answer comes late, once it has one', async () => {
    const [slow, merged] = [scriptedStream(), scriptedStream()];
    const answer = Promise.withResolvers<Response>();
    const { world, a, b, connection, open } = await two(() => answer.promise, merged.response);
    const c = open('/c');
    await settle();
    await world.advance(5);
    expect(world.requests).toHaveLength(2);
    // The streams of the first connection are asked to move; the new one has no position yet.
    await world.advance(250);
    answer.resolve(slow.response);
    await settle();
    await slow.write(head('0') + part('0', 'id: 1\n\n'));
    for (let count = 0; count < 4; count += 1) await world.advance(250);
    const paths = Object.values(wanted(world, 2)).map(({ path }) => path);
    expect(paths.toSorted()).toEqual(['/a', '/b', '/c']);
    expect([a, b, c].map(({ seen }) => seen.states)).toEqual(Array.from({ length: 3 }, () => ['connecting', 'open']));
    expect(connection).toBeDefined();
  });

  it('sends other requests as they are', async () => {
    const { world, multiplexer } = start(...['1', '2', '3', '4'].map((text) => new Response(text)));
    await multiplexer.fetch(`${base}/a`, { method: 'POST', body: '{}' });
    await multiplexer.fetch('https://elsewhere.example/a');
    // A token or ticket in the URL is for this one request.
    for (const query of ['?access_token=x', '?since=1&ticket=x']) await multiplexer.fetch(`${base}/a${query}`);
    expect(world.requests.map(({ url }) => url)).toEqual([
      `${base}/a`,
      'https://elsewhere.example/a',
      `${base}/a?access_token=x`,
      `${base}/a?since=1&ticket=x`,
    ]);
  });

  it('leaves nothing when its streams are closed, and takes one off the connection that is not wanted any more', async () => {
    const second = scriptedStream();
    const { world, multiplexer, a, b } = await two(second.response);
    a.stop();
    await world.advance(250);
    await world.advance(0);
    await world.advance(5);
    expect(wanted(world, 1)).toEqual({ '0': { path: '/b', after: '1' } });
    await second.write(head('0') + part('0', 'id: 1\n\n'));
    expect(world.requests[0]?.init.signal.aborted).toBe(true);
    b.stop();
    await settle();
    expect(world.requests[1]?.init.signal.aborted).toBe(true);
    await world.advance(1_000);
    expect([world.held, multiplexer.connectionCount]).toEqual([0, 0]);
  });

  it('passes a sign of life on to streams that have no events', async () => {
    const { world, connection, a } = await two();
    await connection.write(head('0', 200, {}));
    for (let second = 0; second < 10; second += 1) {
      await world.advance(1_000);
      await connection.write(':\n');
    }
    expect(a.stream.state.status).toBe('open');
  });
});
