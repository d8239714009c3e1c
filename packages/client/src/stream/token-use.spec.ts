import { describe, expect, it } from 'vitest';
import type { AccessTokenRequest } from '../policy/index.ts';
import { AccessTokenError, InteractionRequiredError, SignedOutError } from '../errors.ts';
import { createEventStream } from './event-stream.ts';
import { header, listen, status, url } from '../testing/listen.fixture.ts';
import { scriptedStream, ScriptedWorld, settle } from '../testing/scripted-world.fixture.ts';

describe('tokens', () => {
  const challenged = (claims?: string): Response =>
    status(401, {
      'WWW-Authenticate': `Bearer error="${claims === undefined ? 'invalid_token' : 'insufficient_claims'}"${claims === undefined ? '' : `, claims="${btoa(claims)}"`}`,
    });

  it('asks once for a new token after a 401, with the claims demanded, and retries at once (PROTOCOL 8.4)', async () => {
    const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
    const world = new ScriptedWorld(challenged(claims), scriptedStream().response);
    const asked: AccessTokenRequest['demand'][] = [];
    const { seen } = await listen(world, {
      accessToken: ({ demand }) => {
        asked.push(demand);
        return `token-${asked.length}`;
      },
    });
    expect(asked).toEqual([undefined, { error: 'insufficient_claims', claims }]);
    expect(header(world, 1, 'Authorization')).toBe('Bearer token-2');
    expect(seen.states.at(-1)).toBe('open');
  });

  it('sends no token without one, and fails at a 401 then: another token cannot be asked for', async () => {
    const world = new ScriptedWorld(status(401), scriptedStream().response, scriptedStream().response);
    const { seen } = await listen(world);
    expect(seen.errors).toMatchObject([{ code: 'http-error', status: 401 }]);
    expect(world.requests).toHaveLength(1);
    expect(header(world, 0, 'Authorization')).toBeNull();
    await listen(world, { accessToken: () => undefined });
    expect(header(world, 1, 'Authorization')).toBeNull();
    await listen(world, { accessToken: () => undefined, tokenTransport: 'query' });
    expect(world.requests[2]?.url).toBe(url);
  });

  it('keeps the cause of a token function that fails', async () => {
    const cause = new Error('no session');
    const { seen } = await listen(new ScriptedWorld(), { accessToken: () => Promise.reject(cause) });
    expect(seen.errors).toMatchObject([
      { code: 'token-unavailable', message: 'Failed to acquire token: no session', cause },
    ]);
  });

  it('forgets the position if the user signed out', async () => {
    const first = scriptedStream();
    const world = new ScriptedWorld(first.response);
    let tokens = 0;
    const { stream, seen } = await listen(world, {
      accessToken: () => {
        tokens += 1;
        if (tokens > 1) throw new SignedOutError();
        return 'token-1';
      },
    });
    await first.write('id: 7\ndata: 1\n\n');
    expect(stream.lastEventId).toBe('7');
    await first.end();
    await world.advance(500);
    expect(seen.errors).toMatchObject([{ code: 'signed-out' }]);
    expect(stream.lastEventId).toBe('');
  });

  it('fails at a second 401 with a new token: no loop', async () => {
    const world = new ScriptedWorld(challenged(), challenged());
    let tokens = 0;
    const { seen } = await listen(world, { accessToken: () => `token-${(tokens += 1)}` });
    expect(seen.errors).toMatchObject([{ code: 'http-error', status: 401 }]);
    expect(world.requests).toHaveLength(2);
  });

  it('does not send a refused token again, and fails with what the server said of it', async () => {
    const body = '{"error":{"message":"Incorrect API key provided"}}';
    const world = new ScriptedWorld(status(401, { 'Content-Type': 'application/json' }, body));
    const { seen } = await listen(world, { accessToken: () => 'sk-static' });
    expect(seen.errors).toMatchObject([
      { code: 'http-error', status: 401, detail: 'Incorrect API key provided', body },
    ]);
    expect(world.requests).toHaveLength(1);
  });

  it('asks again for a 401 that is not in a row: another answer came in between', async () => {
    const world = new ScriptedWorld(challenged(), status(503), challenged(), scriptedStream().response);
    let tokens = 0;
    const { stream } = await listen(world, { accessToken: () => `token-${(tokens += 1)}` });
    await world.advance(500);
    expect(stream.state.status).toBe('open');
    expect(world.requests).toHaveLength(4);
  });

  it('asks for the claims of a challenge that follows a refused token', async () => {
    const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
    const world = new ScriptedWorld(challenged(), challenged(claims), scriptedStream().response);
    const asked: (string | undefined)[] = [];
    const { stream } = await listen(world, {
      accessToken: ({ demand }) => {
        asked.push(demand?.claims ?? demand?.error);
        return `token-${asked.length}`;
      },
    });
    expect(asked).toEqual([undefined, 'invalid_token', claims]);
    expect(stream.state.status).toBe('open');
  });

  it('fails at a demand that was already met, and at a server that demands something else each time', async () => {
    let tokens = 0;
    const accessToken = (): string => `token-${(tokens += 1)}`;
    const [first, second] = ['{"a":1}', '{"a":2}'];
    const alternating = new ScriptedWorld(challenged(first), challenged(second), challenged(first));
    expect((await listen(alternating, { accessToken })).seen.errors).toMatchObject([{ status: 401 }]);
    const endless = new ScriptedWorld(...Array.from({ length: 20 }, (_, n) => challenged(`{"a":${n}}`)));
    expect((await listen(endless, { accessToken })).seen.errors).toMatchObject([{ status: 401 }]);
    expect(endless.requests).toHaveLength(4);
  });

  it('waits longer and longer if the interaction settles at once and changes nothing', async () => {
    let asked = 0;
    const world = new ScriptedWorld();
    const { stream } = await listen(world, {
      accessToken: () => {
        asked += 1;
        throw new InteractionRequiredError('sign-in is needed', { settled: () => Promise.resolve() });
      },
    });
    for (let second = 0; second < 60; second += 1) await world.advance(1_000);
    expect(asked).toBeLessThan(9);
    stream.close();
    expect(world.held).toBe(0);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no window');
      },
    ],
    ['is missing', undefined],
  ])('fails if settled() of an interaction %s', async (_, settled) => {
    const { seen } = await listen(new ScriptedWorld(), {
      accessToken: () => {
        throw Object.assign(new Error('sign-in is needed'), { code: 'interaction-required', settled });
      },
    });
    expect(seen.errors).toMatchObject([{ code: 'interaction-required' }]);
  });

  it('recognizes the errors of a second copy of the package by their code', async () => {
    let signIn: () => void = () => undefined;
    let asked = 0;
    const world = new ScriptedWorld(scriptedStream().response);
    const { stream } = await listen(world, {
      accessToken: () => {
        asked += 1;
        if (asked === 1) throw Object.assign(new Error('away'), { code: 'token-unavailable', retry: 'later' });
        if (asked === 2) {
          const settled = (): Promise<void> => new Promise((resolve) => (signIn = resolve));
          throw Object.assign(new Error('sign-in is needed'), { code: 'interaction-required', settled });
        }
        return 'token';
      },
    });
    expect(stream.state.status).toBe('waiting');
    await world.advance(500);
    expect(stream.state.status).toBe('interaction-required');
    await world.advance(5_000);
    signIn();
    await settle();
    expect(stream.state.status).toBe('open');
  });

  it('keeps a demand over a passing failure to get a token', async () => {
    const world = new ScriptedWorld(challenged(), scriptedStream().response);
    const asked: (string | undefined)[] = [];
    await listen(world, {
      accessToken: ({ demand }) => {
        asked.push(demand?.error);
        if (asked.length === 2) throw new AccessTokenError('the network is away', { retry: 'later' });
        return `token-${asked.length}`;
      },
    });
    await world.advance(500);
    expect(asked).toEqual([undefined, 'invalid_token', 'invalid_token']);
    expect(header(world, 1, 'Authorization')).toBe('Bearer token-3');
  });

  it('waits if user interaction is required, opens nothing, and resumes at its position (PROTOCOL 8.9)', async () => {
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

  it('fails if the user interaction is abandoned, and does not ask again', async () => {
    let asked = 0;
    const { seen } = await listen(new ScriptedWorld(), {
      accessToken: () => {
        asked += 1;
        throw new InteractionRequiredError('sign-in is needed', {
          settled: () => Promise.reject(new Error('cancelled')),
        });
      },
    });
    expect(seen.errors).toMatchObject([{ code: 'interaction-required' }]);
    expect(asked).toBe(1);
  });

  it('stops waiting for the user interaction when it is closed', async () => {
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
    ['an error that is not one of this package', () => Promise.reject(new Error('MSAL is not initialized'))],
    [
      'nothing after something',
      (() => {
        let calls = 0;
        return () => (calls++ === 0 ? 'token' : undefined);
      })(),
    ],
    ['a value that is not a bearer token', () => 'Bearer eyJ'],
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

  it('fails if the ticket endpoint forbids the stream', async () => {
    const world = new ScriptedWorld(status(403, { 'Retry-After': '7' }));
    const { seen } = await listen(world, {
      accessToken: () => 'token-1',
      tokenTransport: 'ticket',
      ticketUrl: new URL('/tickets', url),
    });
    expect(seen.errors).toMatchObject([{ code: 'http-error', status: 403 }]);
  });

  it('waits as long as the server asks that gives no ticket now', async () => {
    const world = new ScriptedWorld(status(429, { 'Retry-After': '7' }));
    const { stream } = await listen(world, {
      accessToken: () => 'token-1',
      tokenTransport: 'ticket',
      ticketUrl: new URL('/tickets', url),
    });
    expect(stream.state).toMatchObject({ status: 'waiting', retryAt: world.nowMs + 7_500, error: { status: 429 } });
  });

  it('needs to know where tickets are, at an origin that may have the token', () => {
    expect(() => createEventStream(url, { tokenTransport: 'ticket' })).toThrow(/ticketUrl/);
    expect(() => createEventStream(url, { tokenTransport: 'ticket', ticketUrl: 'https://elsewhere.example/' })).toThrow(
      /allowedOrigins/,
    );
  });
});
