import { describe, expect, it, vi } from 'vitest';
import { header, listen, status, url } from '../testing/listen.fixture.ts';
import { scriptedStream, ScriptedWorld } from '../testing/scripted-world.fixture.ts';

const eventStream = { 'Content-Type': 'text/event-stream' };
const at = (location: string, code = 307): Response => status(code, { Location: location });

describe('responses', () => {
  it.each([201, 202, 203, 205, 206, 226, 299])('a %s with events fails: only 200 opens', async (code) => {
    const response =
      code === 205 ? status(205, eventStream) : new Response('data: 1\n\n', { status: code, headers: eventStream });
    const world = new ScriptedWorld(response);
    const { seen } = await listen(world);
    await world.advance(60_000);
    expect(seen.errors).toMatchObject([{ code: 'http-error', status: code }]);
    expect(seen.events).toEqual([]);
    expect(world.requests).toHaveLength(1);
  });

  it.each([
    ['text/event-stream, text/event-stream', 'open'],
    ['text/html, text/event-stream; charset=utf-8', 'open'],
    ['text/event-stream, text/html', 'closed'],
    ['', 'closed'],
  ])('the last of several content types decides: "%s"', async (type, result) => {
    const { stream, seen } = await listen(new ScriptedWorld(scriptedStream({ 'Content-Type': type }).response));
    expect(stream.state.status).toBe(result);
    if (result === 'closed') {
      expect(seen.errors[0]?.message).toContain(type === '' ? 'no Content-Type' : `"${type}", which is several`);
    }
    stream.close();
  });

  it('cancels the body of a response that opens no stream', async () => {
    let cancelled = false;
    const body = new ReadableStream({ cancel: () => void (cancelled = true) });
    await listen(new ScriptedWorld(new Response(body, { headers: { 'Content-Type': 'text/html' } })));
    expect(cancelled).toBe(true);
  });

  it('aborts the request of a connection that has ended', async () => {
    const server = scriptedStream();
    const world = new ScriptedWorld(server.response);
    await listen(world);
    await server.write('event: complete\ndata:\n\n');
    expect(world.requests[0]?.init.signal.aborted).toBe(true);
  });

  it.each([
    ['{"detail":"a","title":"b"}', 'a'],
    ['{"title":"b"}', 'b'],
    ['{"error":{"message":"c"}}', 'c'],
    ['{"error":"d"}', 'd'],
    ['{"message":"e"}', 'e'],
    ['{"detail":1}', undefined],
    ['["x"]', undefined],
    ['null', undefined],
    ['<html>', undefined],
  ])('explains a refusal with its body %s', async (body, detail) => {
    const { seen } = await listen(new ScriptedWorld(status(403, {}, body)));
    expect(seen.errors).toMatchObject([{ status: 403, body }]);
    expect((seen.errors[0] as { detail?: string }).detail).toBe(detail);
  });

  it('keeps the cause if the server cannot be reached', async () => {
    const cause = new TypeError('Failed to fetch');
    const { stream } = await listen(new ScriptedWorld(cause));
    expect(stream.state).toMatchObject({
      error: { code: 'network-error', message: 'https://api.contoso.example could not be reached.', cause },
    });
  });

  it('says after a few attempts without any response what else may prevent a page from connecting', async () => {
    const world = new ScriptedWorld(...Array.from({ length: 3 }, () => new TypeError('Failed to fetch')));
    world.randomValue = 0.999;
    const { stream } = await listen(world);
    const message = (): string => (stream.state as { error?: Error }).error?.message ?? '';
    expect(message()).not.toContain('Content-Security-Policy');
    await world.advance(1_000);
    await world.advance(2_000);
    expect(message()).toContain('Content-Security-Policy');
    expect(message()).toContain('connect-src');
    stream.close();
  });
});

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])('a %s fails by default, and is not followed', async (code) => {
    for (const location of ['https://elsewhere.example/', '/moved']) {
      const world = new ScriptedWorld(at(location, code), scriptedStream().response);
      const { seen } = await listen(world);
      expect(seen.errors).toMatchObject([{ code: 'redirect-refused' }]);
      expect(world.requests).toHaveLength(1);
      expect(world.requests[0]?.init.redirect).toBe('manual');
    }
  });

  it('a redirect that the browser hides fails too', async () => {
    const hidden = Object.defineProperty(new Response(null), 'type', { value: 'opaqueredirect' });
    for (const redirect of ['error', 'follow'] as const) {
      const { seen } = await listen(new ScriptedWorld(hidden), { redirect });
      expect(seen.errors).toMatchObject([{ code: 'redirect-refused' }]);
    }
  });

  it('"follow" lets the browser follow a hidden redirect within the origin of the page only', async () => {
    const hidden = (): Response => Object.defineProperty(new Response(null), 'type', { value: 'opaqueredirect' });
    vi.stubGlobal('location', { origin: new URL(url).origin, href: url });
    const world = new ScriptedWorld(hidden(), scriptedStream().response, hidden());
    const { stream } = await listen(world, { redirect: 'follow', accessToken: () => 'token' });
    expect(stream.state.status).toBe('open');
    expect(world.requests[1]?.url).toBe(url);
    expect(world.requests[1]?.init).toMatchObject({ redirect: 'follow', mode: 'same-origin', method: 'GET' });
    expect(header(world, 1, 'Authorization')).toBe('Bearer token');
    vi.stubGlobal('location', { origin: 'https://page.example', href: 'https://page.example/' });
    const { seen } = await listen(world, { redirect: 'follow' });
    expect(seen.errors).toMatchObject([{ code: 'redirect-refused' }]);
    expect(world.requests).toHaveLength(3);
    vi.unstubAllGlobals();
  });

  it('a 304 is a refusal and not a redirect', async () => {
    expect((await listen(new ScriptedWorld(status(304)))).seen.errors).toMatchObject([{ code: 'http-error' }]);
  });

  it('"follow" sends nothing to an origin that is not allowed: no token, no key, no body, no position', async () => {
    const world = new ScriptedWorld(at('https://evil.example/'));
    const { seen } = await listen(world, {
      redirect: 'follow',
      body: 'secret',
      lastEventId: 'e-1',
      headers: { 'X-Api-Key': 'key' },
      accessToken: () => 'token',
    });
    expect(seen.errors).toMatchObject([{ code: 'redirect-refused' }]);
    expect(world.requests.map((request) => request.url)).toEqual([url]);
  });

  it('"follow" goes to an allowed origin with everything, and reconnects to the first URL', async () => {
    const moved = scriptedStream();
    const world = new ScriptedWorld(
      at('/moved'),
      at('https://other.contoso.example/events'),
      moved.response,
      scriptedStream().response,
    );
    await listen(world, {
      redirect: 'follow',
      accessToken: () => 'token',
      allowedOrigins: ['https://api.contoso.example', 'https://other.contoso.example'],
    });
    await moved.end();
    await world.advance(500);
    expect(world.requests.map((request) => request.url)).toEqual([
      url,
      'https://api.contoso.example/moved',
      'https://other.contoso.example/events',
      url,
    ]);
    expect(header(world, 2, 'Authorization')).toBe('Bearer token');
  });

  it.each([
    [307, 'POST', 'POST', 'secret'],
    [308, 'POST', 'POST', 'secret'],
    [303, 'POST', 'GET', null],
    [302, 'POST', 'GET', null],
    [301, 'POST', 'GET', null],
    [303, 'PUT', 'GET', null],
    [302, 'PUT', 'PUT', 'secret'],
    [301, 'PUT', 'PUT', 'secret'],
  ])('"follow" after %s repeats a %s as %s', async (code, method, repeated, body) => {
    const world = new ScriptedWorld(at('/moved', code), scriptedStream().response);
    await listen(world, { redirect: 'follow', method, body: 'secret', headers: { 'Content-Type': 'text/plain' } });
    expect(world.requests[1]?.init).toMatchObject({ method: repeated, body });
    expect(header(world, 1, 'Content-Type')).toBe(body === null ? null : 'text/plain');
  });

  it.each(['http://[', 'mailto:alice@contoso.example'])('"follow" fails at the Location "%s"', async (location) => {
    const world = new ScriptedWorld(at(location));
    const { seen } = await listen(world, { redirect: 'follow', reconnect: 'never' });
    expect(seen.errors).toMatchObject([{ code: 'redirect-refused' }]);
    expect(world.requests).toHaveLength(1);
  });

  it('"follow" fails at a redirect without a Location, and asks only once', async () => {
    const world = new ScriptedWorld(status(302));
    const { seen } = await listen(world, { redirect: 'follow', body: 'x' });
    expect(seen.errors).toMatchObject([{ code: 'redirect-refused' }]);
    expect(world.requests).toHaveLength(1);
  });

  it('"follow" ends a circle of redirects', async () => {
    const world = new ScriptedWorld(...Array.from({ length: 20 }, () => at(url)));
    const { seen } = await listen(world, { redirect: 'follow' });
    expect(seen.errors).toMatchObject([{ code: 'redirect-refused' }]);
    expect(world.requests).toHaveLength(6);
  });

  it('a fetch that followed by itself to an origin that is not allowed fails', async () => {
    const response = Object.defineProperties(scriptedStream().response, {
      redirected: { value: true },
      url: { value: 'https://evil.example/events' },
    });
    expect((await listen(new ScriptedWorld(response))).seen.errors).toMatchObject([{ code: 'redirect-refused' }]);
  });
});

describe('what is sent', () => {
  it('refuses to send an event ID with a control character, instead of retrying without limit', async () => {
    for (const id of ['a\u0001b', 'a\u007fb']) {
      const server = scriptedStream();
      const world = new ScriptedWorld(server.response);
      const { seen } = await listen(world);
      await server.write(`id: ${id}\ndata: 1\n\n`);
      await server.end();
      await world.advance(1_000);
      expect(seen.errors).toMatchObject([{ code: 'invalid-event-id' }]);
      expect(world.requests).toHaveLength(1);
    }
  });

  it("keeps the caller's Accept if it includes text/event-stream", async () => {
    const accept = 'application/json, text/event-stream';
    const world = new ScriptedWorld(scriptedStream().response, scriptedStream().response);
    await listen(world, { headers: { Accept: accept } });
    await listen(world, { headers: { Accept: 'application/json' } });
    expect([header(world, 0, 'Accept'), header(world, 1, 'Accept')]).toEqual([accept, 'text/event-stream']);
  });

  it('puts the position where resumeBy says', async () => {
    const world = new ScriptedWorld(...[1, 2, 3].map(() => scriptedStream().response));
    for (const resumeBy of ['header', 'query', 'none'] as const)
      await listen(world, { resumeBy, lastEventId: 'e 1' }, `${url}?a=b`);
    expect(world.requests.map((request) => request.url)).toEqual([
      `${url}?a=b`,
      `${url}?a=b&lastEventId=e+1`,
      `${url}?a=b`,
    ]);
    expect([0, 1, 2].map((index) => header(world, index, 'Last-Event-ID'))).toEqual(['e 1', null, null]);

    const fresh = new ScriptedWorld(scriptedStream().response);
    await listen(fresh, { resumeBy: 'query' });
    expect(fresh.requests[0]?.url).toBe(url);
  });

  it('calls a URL function with the position at every attempt, and keeps to the allowed origins', async () => {
    const first = scriptedStream();
    const world = new ScriptedWorld(first.response, scriptedStream().response);
    const { stream } = await listen(world, {}, (id) => `${url}?offset=${id === '' ? '-1' : id}`);
    await first.write('id: 7\ndata: 1\n\n');
    await first.end();
    await world.advance(500);
    expect(world.requests.map((request) => request.url)).toEqual([`${url}?offset=-1`, `${url}?offset=7`]);
    expect(header(world, 1, 'Last-Event-ID')).toBeNull();
    expect(stream.url).toBe(`${url}?offset=7`);
    stream.close();

    const server = scriptedStream();
    const away = await listen(new ScriptedWorld(server.response), {}, (id) =>
      id === '' ? url : 'https://evil.example/',
    );
    await server.write('id: 1\ndata: 1\n\n');
    away.stream.reconnect();
    await server.end();
    expect(away.seen.errors).toMatchObject([{ code: 'invalid-option' }]);
  });

  it('copies headers and fails with a clear error if they are not valid', async () => {
    const headers = { 'X-One': '1' };
    const world = new ScriptedWorld(scriptedStream().response);
    const listening = listen(world, { headers });
    headers['X-One'] = '2';
    await listening;
    expect(header(world, 0, 'X-One')).toBe('1');
    await expect(listen(world, { headers: { 'X-One': 'a\nsecret' } })).rejects.toThrow(/^headers has/);
    const failing = await listen(world, {
      headers: () => {
        throw new Error('no headers');
      },
    });
    expect(failing.seen.errors).toMatchObject([{ code: 'invalid-option', cause: { message: 'no headers' } }]);
  });
});
