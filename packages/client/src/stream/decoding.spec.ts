import { describe, expect, it } from 'vitest';
import type { StandardSchema } from '../options/index.ts';
import { parseLossless } from '../options/index.ts';
import { listen } from '../testing/listen.fixture.ts';
import { scriptedStream, ScriptedWorld, settle } from '../testing/scripted-world.fixture.ts';

type Validate<T> = StandardSchema<T>['~standard']['validate'];
const schema = <T>(validate: Validate<T>): StandardSchema<T> => ({
  '~standard': { version: 1, vendor: 'test', validate },
});

/** A thenable that is not a Promise: as of another realm, of zone.js, or of a library. */
const thenable = <T>(value: T): PromiseLike<T> => ({
  then: (resolve) => Promise.resolve(value).then(resolve),
});

describe('decoding', () => {
  it('parses JSON by default, and fails with a typed error at what is not JSON', async () => {
    const server = scriptedStream();
    const { seen, stream } = await listen(new ScriptedWorld(server.response), { decode: 'json' });
    await server.write('id: 1\ndata: {"n":1}\n\nid: 2\nevent: note\ndata: plain text\n\nid: 3\ndata: 3\n\n');
    expect(seen.data).toEqual([{ n: 1 }]);
    expect(seen.errors).toMatchObject([
      { code: 'invalid-data', event: { id: '2', type: 'note', data: 'plain text' }, cause: { name: 'SyntaxError' } },
    ]);
    expect(stream.lastEventId).toBe('1');
  });

  it('never guesses with decode "text"', async () => {
    const server = scriptedStream();
    const { seen } = await listen(new ScriptedWorld(server.response), { decode: 'text' });
    await server.write('data: 10\n\ndata: {"n":1}\n\n');
    expect(seen.data).toEqual(['10', '{"n":1}']);
  });

  it.each([
    [' 3', ' 3'],
    ['.', '.'],
    ['10', 10],
    [' 007', ' 007'],
    ['1.0', '1.0'],
    ['-0', '-0'],
    ['1e3', '1e3'],
    ['12345678901234567890', '12345678901234567890'],
    ['true', true],
    ['null', null],
    ['"quoted"', 'quoted'],
    [' "quoted"', ' "quoted"'],
    ['"quoted" ', '"quoted" '],
    [' null', ' null'],
    ['{"n":1}', { n: 1 }],
    [' [1]', [1]],
    ['', ''],
  ])('parses %j with decode "auto" only if nothing is lost', (text, value) => {
    expect(parseLossless(text)).toEqual(value);
  });

  it('joins tokens with decode "auto" as they were sent', async () => {
    const server = scriptedStream();
    const { seen } = await listen(new ScriptedWorld(server.response), { decode: 'auto' });
    await server.write(
      ['The', ' answer', ' is', ' 3', '.', '10', ' 007']
        .map((token) => `data: ${token}\n\n`)
        .join('')
        .replaceAll('data:  ', 'data:  '),
    );
    expect(seen.data.join('')).toBe('The answer is 3.10 007');
  });

  it.each([
    ['a promise', (value: unknown) => Promise.resolve({ value: [value] })],
    ['a promise that is not of this realm', (value: unknown) => thenable({ value: [value] })],
  ])('waits for a schema that returns %s, and keeps the order', async (_, validate) => {
    const server = scriptedStream();
    const { seen, stream } = await listen(new ScriptedWorld(server.response), { decode: schema(validate) });
    await server.write('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nid: 2-b\n\nid: 3\ndata: 3\n\n');
    expect(seen.data).toEqual([[1], [2], [3]]);
    expect(stream.lastEventId).toBe('3');
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('in the schema');
      },
    ],
    ['rejects', () => Promise.reject(new Error('in the schema'))],
    [
      'rejects with a foreign promise',
      () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(new Error('in the schema')) }),
    ],
  ])('fails with a typed error if the schema %s', async (_, validate) => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const { seen } = await listen(world, { decode: schema(validate as Validate<unknown>) });
    await server.write('data: 1\n\ndata: 2\n\n');
    expect(seen.errors).toMatchObject([{ code: 'invalid-data', cause: { message: 'in the schema' } }]);
    expect(seen.states.at(-1)).toBe('closed');
    expect(world.held).toBe(0);
    await world.advance(60_000);
    expect(world.requests).toHaveLength(1);
  });

  it('ends for await with the error of a schema that throws', async () => {
    const server = scriptedStream();
    const { stream } = await listen(new ScriptedWorld(server.response), {
      decode: schema(() => {
        throw new Error('in the schema');
      }),
    });
    const loop = (async () => {
      for await (const event of stream) expect(event).toBeUndefined();
    })();
    const rejection = expect(loop).rejects.toMatchObject({ code: 'invalid-data' });
    await settle();
    await server.write('data: 1\n\n');
    await rejection;
  });

  it('delivers nothing that a schema returns after the stream was closed', async () => {
    const server = scriptedStream();
    const { promise, resolve } = Promise.withResolvers<{ value: unknown }>();
    const { seen, stream } = await listen(new ScriptedWorld(server.response), { decode: schema(() => promise) });
    await server.write('data: 1\n\n');
    stream.close();
    resolve({ value: 1 });
    await settle();
    expect(seen.data).toEqual([]);
  });
});

describe('back-pressure', () => {
  it('waits for a promise that is not of this realm', async () => {
    const server = scriptedStream();
    const { stream } = await listen(new ScriptedWorld(server.response));
    const taken: unknown[] = [];
    let release: () => void = () => undefined;
    stream.subscribe({
      next: ({ data }) => {
        taken.push(data);
        return { then: (resolve: () => void) => (release = resolve) };
      },
    });
    await server.write('data: 1\n\ndata: 2\n\n');
    expect(taken).toEqual([1]);
    release();
    await settle();
    expect(taken).toEqual([1, 2]);
  });

  it('reports a promise that rejects, and continues', async () => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    const { stream, seen } = await listen(world);
    stream.subscribe({ next: () => Promise.reject(new Error('in my own code')) });
    await server.write('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n');
    expect(seen.data).toEqual([1, 2]);
    expect(world.reported).toHaveLength(2);
    expect(stream.lastEventId).toBe('2');
  });

  it('does not deliver the next event before a subscriber is done, across a reconnection too', async () => {
    const [first, second] = [scriptedStream(), scriptedStream()];
    const world = new ScriptedWorld(first.response, second.response);
    const { stream } = await listen(world);
    const taken: unknown[] = [];
    let release: () => void = () => undefined;
    stream.subscribe({
      next: ({ data }) => {
        taken.push(data);
        return new Promise<void>((resolve) => (release = resolve));
      },
    });
    await first.write('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n');
    stream.reconnect();
    await settle();
    expect(world.requests[1]?.init.headers.get('Last-Event-ID')).toBe('1');
    await second.write('id: 2\ndata: 2\n\n');
    expect(taken).toEqual([1]);
    expect(stream.lastEventId).toBe('');
    release();
    await settle();
    expect(taken).toEqual([1, 2]);
    expect(stream.lastEventId).toBe('1');
    stream.close();
  });
});
