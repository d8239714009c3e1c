import { describe, expect, it } from 'vitest';
import { header, listen } from '../testing/listen.fixture.ts';
import { scriptedStream, ScriptedWorld, settle } from '../testing/scripted-world.fixture.ts';

async function answer(text: string, options: Parameters<typeof listen>[1] = {}) {
  const server = scriptedStream();
  const world = new ScriptedWorld(server.response);
  const listening = await listen(world, options);
  await server.write(text);
  return { ...listening, world, server };
}

describe('the end of a finite stream', () => {
  it('completes only on a complete event with empty data: one with data belongs to another protocol', async () => {
    const { seen } = await answer('event: complete\ndata: {"answer":42}\n\nid: e-9\nevent: complete\ndata:\n\n');
    expect(seen.events).toMatchObject([{ type: 'complete', data: { answer: 42 } }]);
    expect(seen.completions).toBe(1);
  });

  it('moves the position to the ID of complete', async () => {
    const { stream } = await answer('id: e-1\ndata: 1\n\nid: e-2\nevent: complete\ndata:\n\n');
    expect(stream.lastEventId).toBe('e-2');
  });

  it('delivers the event that completes, if completeOn says so', async () => {
    for (const completeOn of [
      { type: 'response.completed', deliver: 'event' } as const,
      [{ data: '[DONE]' }, { type: 'response.completed', deliver: 'event' } as const],
      (event: { type: string }) =>
        event.type === 'response.completed' ? ('deliver-and-complete' as const) : ('continue' as const),
    ]) {
      const { seen } = await answer('data: 1\n\nevent: response.completed\ndata: {"usage":7}\n\ndata: 2\n\n', {
        completeOn,
      });
      expect(seen.data).toEqual([1, { usage: 7 }]);
      expect(seen.completions).toBe(1);
    }
  });

  it('completes after a subscriber is done with the event that completes', async () => {
    const server = scriptedStream();
    const { stream } = await listen(new ScriptedWorld(server.response), {
      completeOn: { type: 'last', deliver: 'event' },
    });
    let release: () => void = () => undefined;
    stream.subscribe({ next: () => new Promise<void>((resolve) => (release = resolve)) });
    await server.write('event: last\ndata: 1\n\n');
    expect(stream.state.status).toBe('open');
    release();
    await settle();
    expect(stream.state).toEqual({ status: 'closed', reason: 'completed' });
  });

  it('matches type and data together, and completes without delivering by default', async () => {
    const { seen } = await answer('event: end\ndata: no\n\ndata: yes\n\nevent: end\ndata: yes\n\n', {
      completeOn: [{ type: 'end', data: 'yes' }, () => 'continue'],
    });
    expect(seen.data).toEqual(['no', 'yes']);
    expect(seen.completions).toBe(1);
  });

  it.each([
    ['complete', ['a']],
    ['deliver-and-complete', ['a', 'b']],
  ] as const)('completes as a completeOn function says: "%s"', async (says, data) => {
    const { seen } = await answer('data: a\n\ndata: b\n\ndata: c\n\n', {
      completeOn: ({ data: text }) => (text === 'b' ? says : 'continue'),
    });
    expect(seen).toMatchObject({ data, completions: 1 });
  });

  it('fails with a typed error if a completeOn function throws', async () => {
    const { seen, world } = await answer('data: 1\n\n', {
      completeOn: () => {
        throw new Error('in my own code');
      },
    });
    expect(seen.errors).toMatchObject([{ code: 'invalid-option', cause: { message: 'in my own code' } }]);
    expect(world.held).toBe(0);
  });

  it('treats reserved types as ordinary events if reservedEvents leaves them out', async () => {
    const text =
      'event: failure\ndata: {"code":"a","message":"b"}\n\nevent: gap\ndata: {"reason":"epoch","after":"x"}\n\nevent: complete\ndata:\n\n';
    const { seen } = await answer(text, { reservedEvents: [] });
    expect(seen.events.map(({ type }) => type)).toEqual(['failure', 'gap', 'complete']);
    expect(seen).toMatchObject({ completions: 0, errors: [], gaps: [] });
  });

  it.each([
    ['failure', '{"code":1,"message":"x"}'],
    ['failure', '{"code":"x"}'],
    ['failure', 'text'],
    ['failure', 'null'],
    ['gap', '{"reason":"other","after":"x"}'],
    ['gap', '{"reason":"epoch"}'],
    ['gap', '[]'],
    ['gap', '{"code":"x","message":"y"}'],
    ['failure', '{"reason":"epoch","after":"x"}'],
  ])('delivers a %s event of another shape: %s', async (type, data) => {
    const { seen } = await answer(`event: ${type}\ndata: ${data}\n\n`);
    expect(seen.events).toMatchObject([{ type }]);
    expect(seen).toMatchObject({ errors: [], gaps: [] });
  });
});

describe('a response that simply ends', () => {
  const post = { body: 'x', headers: { 'Content-Type': 'text/plain' } };

  it('completes a POST at a server of another protocol, also if it may be repeated', async () => {
    for (const reconnect of [{}, { unsafeMethods: 'repeat' as const }]) {
      const { seen, server, world } = await answer('data: 1\n\n', { ...post, reconnect });
      await server.end();
      await world.advance(60_000);
      expect(seen).toMatchObject({ data: [1], completions: 1, errors: [] });
      expect(world.requests).toHaveLength(1);
    }
  });

  it('fails a POST at a server of this protocol, which would have said complete (PROTOCOL 6.6)', async () => {
    const server = scriptedStream({ 'Sillage-Heartbeat-Ms': '1000' });
    const { seen } = await listen(new ScriptedWorld(server.response), post);
    await server.end();
    expect(seen.errors).toMatchObject([{ code: 'connection-closed' }]);
  });

  it('repeats a POST that broke off only if it may be repeated', async () => {
    for (const [unsafeMethods, requests] of [
      ['fail', 1],
      ['repeat', 2],
    ] as const) {
      const server = scriptedStream();
      const world = new ScriptedWorld(server.response, scriptedStream().response);
      const { stream } = await listen(world, { ...post, reconnect: { unsafeMethods } });
      await server.breakOff();
      await world.advance(500);
      expect(world.requests).toHaveLength(requests);
      stream.close();
    }
  });

  it.each([
    ['a reset before the headers', new TypeError('reset')],
    ['a 502', new Response('', { status: 502 })],
    ['a 500', new Response('', { status: 500 })],
  ])('is not the only failure after which a POST is not repeated: %s', async (_, failure) => {
    const world = new ScriptedWorld(failure);
    const { seen } = await listen(world, post);
    await world.advance(60_000);
    expect(seen.errors).toHaveLength(1);
    expect(world.requests).toHaveLength(1);
  });

  it('ends a GET as onEnd says', async () => {
    for (const [onEnd, state] of [
      ['reconnect', { status: 'waiting' }],
      ['complete', { status: 'closed', reason: 'completed' }],
      ['fail', { status: 'closed', reason: 'failed', error: { code: 'connection-closed' } }],
    ] as const) {
      const { stream, server } = await answer('data: 1\n\n', { onEnd });
      await server.end();
      expect(stream.state).toMatchObject(state);
      stream.close();
    }
  });
});

describe('an end that the server announced (Sillage-Session-Ms)', () => {
  it('does not count as a failure and is followed by an attempt at once, each time', async () => {
    const servers = Array.from({ length: 10 }, () => scriptedStream({ 'Sillage-Session-Ms': '10000' }));
    const world = new ScriptedWorld(...servers.map(({ response }) => response));
    const { seen } = await listen(world);
    for (const [index, server] of servers.slice(0, 8).entries()) {
      await server.write(`id: e-${index}\n\n`);
      await world.advance(9_800);
      await (index % 2 === 0 ? server.end() : server.breakOff());
      expect(world.requests).toHaveLength(index + 2);
      expect(header(world, index + 1, 'Last-Event-ID')).toBe(`e-${index}`);
    }
    expect(seen.states.includes('waiting')).toBe(false);
  });

  it.each([
    ['comes long before the time', '10000', 4_000],
    ['comes so soon that it would be a loop at full speed', '100', 100],
    ['was announced by a header that is not a number', 'soon', 10_000],
  ])('is an ordinary end if it %s', async (_, announced, afterMs) => {
    const server = scriptedStream({ 'Sillage-Session-Ms': announced });
    const world = new ScriptedWorld(server.response);
    const { stream } = await listen(world);
    await world.advance(afterMs);
    await server.end();
    expect(stream.state.status).toBe('waiting');
  });
});
