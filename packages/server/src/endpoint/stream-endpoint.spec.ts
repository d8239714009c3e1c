import { describe, expect, it, vi } from 'vitest';
import { claimsChallenge } from '../auth/claims-challenge.ts';
import { TokenRefusedError } from '../auth/token-refused-error.ts';
import { APP_ORIGIN, createTestEndpoint } from './endpoint.fixture.ts';
import type { TestEndpoint } from './endpoint.fixture.ts';
import { formatEventId } from '../events/event-id.ts';
import { createHub } from '../hub/hub.ts';
import { createIdentity } from '../auth/identity.fixture.ts';
import { createMemoryEventLog } from '../logs/memory-event-log.ts';
import { createMemoryExchange } from '../http/memory-transport.fixture.ts';
import type { MemoryTransport } from '../http/memory-transport.fixture.ts';
import type { EndpointRequest } from '../http/session-transport.ts';
import { createStreamEndpoint } from './stream-endpoint.ts';
import type { StreamEndpointOptions } from './stream-endpoint.ts';
import type { StreamContext, StreamOptions } from './stream-options.ts';
import { settle } from '../core/tick.fixture.ts';

function raise(): never {
  throw new Error('hook');
}

const ALICE = { authorization: 'Bearer alice' };
const NEWS: StreamOptions<EndpointRequest> = { topics: ['news'] };

async function ask(
  { endpoint }: TestEndpoint,
  headers: Readonly<Record<string, string>> = ALICE,
  options = NEWS,
  [method, query]: readonly string[] = [],
): Promise<MemoryTransport> {
  const exchange = createMemoryExchange(headers, method, query);
  await endpoint.stream(exchange, options);
  return exchange.transport;
}

function refusalOf(transport: MemoryTransport): {
  status: number | undefined;
  code: unknown;
  challenge: string | undefined;
} {
  expect(transport.headers['Content-Type']).toBe('application/problem+json');
  const body = JSON.parse(transport.text()) as Record<string, unknown>;
  expect(Object.keys(body).sort()).toEqual(['code', 'detail', 'status', 'title']);
  expect(body.status).toBe(transport.status);
  return { status: transport.status, code: body.code, challenge: transport.headers['WWW-Authenticate'] };
}

describe('a stream', () => {
  it('opens with the headers of the protocol (PROTOCOL 3.1, 3.2)', async () => {
    const transport = await ask(createTestEndpoint());
    expect(transport.status).toBe(200);
    expect(transport.headers).toEqual({
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
      'Sillage-Heartbeat-Ms': '15000',
      'Sillage-Session-Ms': '2200000000000',
      Vary: 'Origin',
    });
    expect(transport.events()).toEqual([{ id: 'e1-0' }]);
  });

  it('begins with a comment at once, though a client resumes and has missed nothing (PROTOCOL 3.7)', async () => {
    const test = createTestEndpoint();
    const id = await test.hub.publish('news', { data: 1 });
    const transport = await ask(test, { ...ALICE, 'last-event-id': id });
    await settle();
    expect(transport.text()).toBe(`:\nid: ${id}\n\n`);
  });

  it.each([
    [3_600_000, undefined, '3600000'],
    [3_600_000, 60_000, '60000'],
    [60_000, 3_600_000, '60000'],
    [1, undefined, '1'],
    [0.5, undefined, '1'],
    [Infinity, 60_000, '60000'],
    [Infinity, undefined, undefined],
  ])(
    'with a token of %s ms and a maximum of %s ms says that it lasts %s ms (PROTOCOL 3.8)',
    async (lifetimeMs, maxSessionMs, announced) => {
      const test = createTestEndpoint(maxSessionMs === undefined ? {} : { maxSessionMs });
      test.identities.set('alice', createIdentity({ expiresAtMs: test.clock.now() + lifetimeMs }));
      const transport = await ask(test);
      expect(transport.headers['Sillage-Session-Ms']).toBe(announced);
      if (announced === undefined) return;
      test.clock.advance(Number(announced) - 1);
      expect(transport.state).toBe('open');
      test.clock.advance(1);
      expect(transport.state).toBe('ended');
    },
  );

  it('ends at the session deadline of its token, and says when that is', async () => {
    const test = createTestEndpoint();
    const expiresAtMs = test.clock.now() - 1_000;
    test.identities.set('alice', createIdentity({ expiresAtMs, sessionDeadlineMs: expiresAtMs + 300_000 }));
    const transport = await ask(test);
    expect(transport.headers['Sillage-Session-Ms']).toBe('299000');
    test.clock.advance(299_000);
    expect(test.closed).toEqual(['token-expired']);
  });

  it('is refused to a token that ended while its request was decided', async () => {
    const test = createTestEndpoint();
    test.identities.set('alice', createIdentity({ expiresAtMs: test.clock.now() + 1_000 }));
    const authorize = async (): Promise<'allow'> => {
      await settle(1);
      test.clock.advance(1_000);
      return 'allow';
    };
    expect(refusalOf(await ask(test, ALICE, { ...NEWS, authorize }))).toMatchObject({
      status: 401,
      code: 'token-expired',
    });
  });

  it('resumes by ?lastEventId= for clients that cannot send the header, which is newer if there is one', async () => {
    const test = createTestEndpoint();
    for (const data of [1, 2, 3]) await test.hub.publish('news', { data });
    const byQuery = await ask(test, ALICE, NEWS, ['GET', 'lastEventId=e1-1']);
    const both = await ask(test, { ...ALICE, 'last-event-id': 'e1-2' }, NEWS, ['GET', 'lastEventId=e1-1']);
    const empty = await ask(test, ALICE, NEWS, ['GET', 'lastEventId=']);
    await settle();
    expect(byQuery.events().map(({ data }) => data)).toEqual(['2', '3', undefined]);
    expect(both.events().map(({ data }) => data)).toEqual(['3', undefined]);
    expect(empty.events()).toEqual([{ id: 'e1-3' }]);
  });

  it('that ended is over for a client that asks again after complete: 204 (PROTOCOL 3.3, 6.2)', async () => {
    const test = createTestEndpoint();
    const topics = vi.fn(() => ['news']);
    const transport = await ask(
      test,
      { ...ALICE, origin: APP_ORIGIN, 'last-event-id': 'sillage-complete' },
      { topics },
    );
    expect([transport.status, transport.state, transport.text()]).toEqual([204, 'ended', '']);
    expect(transport.headers).toMatchObject({
      'Cache-Control': 'no-store',
      'Access-Control-Allow-Origin': APP_ORIGIN,
    });
    expect([topics.mock.calls.length, test.endpoint.sessions.count, test.refused]).toEqual([0, 0, []]);
    const nobody = await ask(test, { 'last-event-id': 'sillage-complete' });
    expect(nobody.status).toBe(401);
    const authorize = () => 'forbidden' as const;
    const stranger = await ask(test, { ...ALICE, 'last-event-id': 'sillage-complete' }, { ...NEWS, authorize });
    expect(stranger.status).toBe(403);
  });

  it('says nothing of heartbeats that it does not send (PROTOCOL 3.2)', async () => {
    expect((await ask(createTestEndpoint({ heartbeatMs: null }))).headers).not.toHaveProperty('Sillage-Heartbeat-Ms');
  });

  it('sends the topics that it was opened for, and no others', async () => {
    const test = createTestEndpoint();
    const topics = vi.fn(({ identity, query }: { identity: { objectId: string }; query: URLSearchParams }) =>
      Promise.resolve([`user/${identity.objectId}`, `room/${query.get('room') ?? ''}`]),
    );
    const transport = await ask(test, ALICE, { topics }, ['GET', 'room=7']);
    for (const topic of ['user/alice', 'user/bob', 'room/7']) await test.hub.publish(topic, { data: topic });
    await settle();
    expect(transport.events().map(({ data }) => data)).toEqual([undefined, '"user/alice"', '"room/7"']);
  });

  it('resumes after the last event ID, which is UTF-8 (PROTOCOL 2.3, 5.3)', async () => {
    const test = createTestEndpoint();
    await test.hub.publish('news', { data: 1 });
    const asBytes = String.fromCharCode(...new TextEncoder().encode('🎈'));
    const transport = await ask(test, { ...ALICE, 'last-event-id': asBytes });
    await settle();
    expect(transport.events()[0]).toEqual({ id: 'e1-0', type: 'gap', data: '{"reason":"unknown","after":"🎈"}' });
  });

  it('begins with its snapshot, ends after its last event, and may come from another hub (PROTOCOL 5.5, 6.2)', async () => {
    const test = createTestEndpoint();
    const hub = createHub({ log: createMemoryEventLog({ epoch: 'e2' }) });
    const options: StreamOptions<EndpointRequest> = {
      hub,
      topics: ['task'],
      snapshot: ({ identity }) => ({ after: formatEventId(hub.position), event: { data: `of ${identity.key}` } }),
      completeAfter: ({ data }) => data === '"done"',
    };
    const transport = await ask(test, ALICE, options);
    await settle();
    await test.hub.publish('task', { data: 'elsewhere' });
    await hub.publish('task', { data: 'done' });
    await settle();
    expect(transport.events()).toEqual([
      { id: 'e2-0', data: '"of t.alice"' },
      { id: 'e2-1', data: '"done"' },
      { id: 'sillage-complete', type: 'complete', data: '' },
    ]);
    expect([transport.state, test.closed]).toEqual(['ended', ['completed']]);
  });

  it.each([
    [{ kind: 'not-found', detail: 'Choose A or B.' }, 404, 'unknown-stream'],
    [{ kind: 'bad-request', detail: 'Choose one.' }, 400, 'invalid-request'],
    [{ kind: 'forbidden', detail: 'Ask its owner.', code: 'not-shared' }, 403, 'not-shared'],
  ] as const)('is refused in the application’s words: %o', async (denial, status, code) => {
    const test = createTestEndpoint();
    const transport = await ask(test, ALICE, { ...NEWS, authorize: () => denial });
    expect(refusalOf(transport)).toMatchObject({ status, code });
    expect(transport.text()).toContain(denial.detail);
  });

  it('refuses to have an end without a snapshot, and says what is missing', async () => {
    const test = createTestEndpoint();
    const transport = await ask(test, ALICE, { ...NEWS, completeAfter: () => true });
    expect([transport.status, test.errors]).toMatchObject([500, [{ code: 'invalid-configuration' }]]);
  });

  it.each([
    [1, '1'],
    [0, '1'],
    [1_500, '2'],
    [NaN, '1'],
    [Infinity, '1'],
  ])('that was asked for too often is refused for %i ms (PROTOCOL 3.6)', async (retryAfterMs, seconds) => {
    const test = createTestEndpoint();
    const authorize = () => ({ kind: 'too-many-requests', retryAfterMs }) as const;
    const transport = await ask(test, { ...ALICE, origin: APP_ORIGIN }, { ...NEWS, authorize });
    expect(refusalOf(transport)).toMatchObject({ status: 429, code: 'too-many-requests' });
    expect(transport.headers).toMatchObject({
      'Retry-After': seconds,
      'Access-Control-Allow-Origin': APP_ORIGIN,
      'Access-Control-Expose-Headers': expect.stringContaining('Retry-After') as string,
    });
    expect(test.endpoint.sessions.count).toBe(0);
  });

  it('ends with its token, and resumes with the next one (PROTOCOL 6.1)', async () => {
    const test = createTestEndpoint();
    test.identities.set('alice', createIdentity({ expiresAtMs: test.clock.now() + 60_000 }));
    const transport = await ask(test);
    await test.hub.publish('news', { data: 1 });
    await settle();
    test.clock.advance(60_000);
    await test.hub.publish('news', { data: 2 });
    await settle();
    expect([transport.state, test.closed]).toEqual(['ended', ['token-expired']]);
    expect(transport.events().filter(({ data }) => data !== undefined)).toMatchObject([{ id: 'e1-1', data: '1' }]);
    test.identities.set('new', createIdentity());
    const next = await ask(test, { authorization: 'Bearer new', 'last-event-id': 'e1-1' });
    await settle();
    expect(next.events()).toEqual([{ id: 'e1-2', data: '2' }, { id: 'e1-2' }]);
  });
});

describe('a refusal', () => {
  it('of a request without a token asks for one, without an error code (PROTOCOL 7.1)', async () => {
    const test = createTestEndpoint();
    const expected = { status: 401, code: 'no-token', challenge: 'Bearer realm="api"' };
    expect(refusalOf(await ask(test, {}))).toEqual(expected);
    expect(refusalOf(await ask(test, { authorization: 'Basic YTpi' }))).toEqual(expected);
  });

  it('of a bad token says why, and does not repeat it (PROTOCOL 7.2, 3.4)', async () => {
    const transport = await ask(createTestEndpoint(), { authorization: 'bearer s3cret' });
    expect(refusalOf(transport)).toEqual({
      status: 401,
      code: 'token-expired',
      challenge: 'Bearer realm="api", error="invalid_token", error_description="The token has expired."',
    });
    expect(`${transport.text()}${JSON.stringify(transport.headers)}`).not.toContain('s3cret');
  });

  it.each(['Bearer', 'Bearer ', 'Bearer a b', 'Bearer a,b', 'Bearer é'])(
    'of a malformed header is 400: %j (PROTOCOL 7.5)',
    async (authorization) => {
      const { status, challenge } = refusalOf(await ask(createTestEndpoint(), { authorization }));
      expect([status, challenge]).toEqual([400, expect.stringContaining('error="invalid_request"')]);
    },
  );

  it('of a token in the URL is 400, even beside a good one (PROTOCOL 2.2)', async () => {
    for (const headers of [{}, ALICE]) {
      const transport = await ask(createTestEndpoint(), headers, NEWS, ['GET', 'access_token=alice']);
      expect(refusalOf(transport)).toMatchObject({ status: 400, code: 'token-in-query' });
    }
  });

  it('does not happen to a token in the URL if the operator allowed it, but does to two tokens', async () => {
    const test = createTestEndpoint({ tokenTransports: ['header', 'query'] });
    expect((await ask(test, {}, NEWS, ['GET', 'access_token=alice'])).status).toBe(200);
    expect((await ask(test, ALICE)).status).toBe(200);
    expect((await ask(test, ALICE, NEWS, ['GET', 'access_token=alice'])).status).toBe(400);
  });

  it('of a token without the scope or role names it (PROTOCOL 7.3)', async () => {
    const test = createTestEndpoint();
    const transport = await ask(test, ALICE, { ...NEWS, scopes: ['Events.Read', 'Events.Admin'] });
    expect(refusalOf(transport)).toEqual({
      status: 403,
      code: 'insufficient-scope',
      challenge:
        'Bearer realm="api", error="insufficient_scope", error_description="The token is valid, but lacks a scope or role.", scope="Events.Read Events.Admin"',
    });
    expect((await ask(test, ALICE, { ...NEWS, scopes: ['Events.Read'], roles: ['Admin'] })).status).toBe(403);
    test.identities.set('alice', createIdentity({ roles: ['Other', 'Admin'] }));
    expect((await ask(test, ALICE, { ...NEWS, scopes: ['Events.Read'], roles: ['Admin', 'Owner'] })).status).toBe(200);
  });

  it('of an application is lifted by its own roles alone', async () => {
    const test = createTestEndpoint();
    test.identities.set('app', createIdentity({ kind: 'application', scopes: [], roles: ['Read.All'] }));
    const app = { authorization: 'Bearer app' };
    const options = { ...NEWS, scopes: ['Events.Read'] };
    expect((await ask(test, app, options)).status).toBe(403);
    expect((await ask(test, app, { ...options, applicationRoles: ['Read.All'] })).status).toBe(200);
    expect((await ask(test, app, { ...options, applicationRoles: ['Other'] })).status).toBe(403);
  });

  it.each([
    ['forbidden', 403, 'forbidden'],
    ['not-found', 404, 'unknown-stream'],
    [null as unknown as 'forbidden', 403, 'forbidden'],
    [true as unknown as 'forbidden', 403, 'forbidden'],
    [{} as unknown as 'forbidden', 403, 'forbidden'],
    [{ kind: 'allow' } as unknown as 'forbidden', 403, 'forbidden'],
    [undefined as unknown as 'forbidden', 403, 'forbidden'],
  ] as const)('is the application’s to decide: %s', async (answer, status, code) => {
    expect(refusalOf(await ask(createTestEndpoint(), ALICE, { ...NEWS, authorize: () => answer }))).toMatchObject({
      status,
      code,
    });
  });

  it('by a claims challenge goes to clients that can answer one (PROTOCOL 7.4)', async () => {
    const test = createTestEndpoint();
    const options = { ...NEWS, authorize: () => claimsChallenge({ acrs: 'c1' }) };
    const { status, challenge = '' } = refusalOf(await ask(test, ALICE, options));
    expect(status).toBe(401);
    expect(challenge).toContain('error="insufficient_claims"');
    expect(challenge).toContain('authorization_uri="https://login.example/authorize"');
    expect(atob(/claims="([^"]*)"/.exec(challenge)?.[1] ?? '')).toBe(
      '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}',
    );
    test.identities.set('alice', createIdentity({ supportsClaimsChallenge: false }));
    expect(refusalOf(await ask(test, ALICE, options))).toMatchObject({ status: 403, challenge: undefined });
  });

  it.each([[[]], [['a\nb']], [Array.from({ length: 101 }, (_, index) => `t${index}`)]])(
    'of topics that are none is 404: %#',
    async (topics) => {
      expect(refusalOf(await ask(createTestEndpoint(), ALICE, { topics: () => topics }))).toMatchObject({
        status: 404,
        code: 'unknown-stream',
      });
    },
  );

  it.each(['POST', 'PUT', 'HEAD', 'OPTIONS'])(
    'of the method %s is 405 with those that there are (PROTOCOL 7.5)',
    async (method) => {
      const transport = await ask(createTestEndpoint(), ALICE, NEWS, [method]);
      expect([refusalOf(transport).status, transport.headers.Allow]).toEqual([405, 'GET, OPTIONS']);
    },
  );

  it('is 503 where the keys or the log cannot be had (PROTOCOL 3.6)', async () => {
    const verify = () => Promise.reject(new TokenRefusedError('keys-unavailable', '', { retryAfterMs: 10_000 }));
    const noKeys = await ask(createTestEndpoint({ verifier: { verify } }));
    expect(refusalOf(noKeys)).toMatchObject({ status: 503, code: 'keys-unavailable', challenge: undefined });
    expect(noKeys.headers['Retry-After']).toBe('10');
    const { hub } = createTestEndpoint();
    await hub.close();
    const noLog = await ask(createTestEndpoint({ hub }));
    expect([refusalOf(noLog).code, noLog.headers['Retry-After']]).toEqual(['log-unavailable', '5']);
  });

  it('is 500 without details if a callback or the verifier throws, and onError gets the error', async () => {
    const failing = () => Promise.reject(new Error('the password is 1234'));
    for (const options of [{ topics: failing }, { ...NEWS, authorize: failing }]) {
      const test = createTestEndpoint();
      const transport = await ask(test, ALICE, options);
      expect(refusalOf(transport)).toMatchObject({ status: 500, code: 'internal-error' });
      expect(transport.text()).not.toContain('1234');
      expect(test.errors).toHaveLength(1);
    }
    const test = createTestEndpoint({ verifier: { verify: failing } });
    expect((await ask(test)).status).toBe(500);
    expect(test.errors).toHaveLength(1);
  });
});

describe('CORS (PROTOCOL 3.5)', () => {
  it('names the origin on streams and on refusals', async () => {
    for (const headers of [{ ...ALICE, origin: APP_ORIGIN }, { origin: APP_ORIGIN }]) {
      const transport = await ask(createTestEndpoint(), headers);
      expect(transport.headers).toMatchObject({
        'Access-Control-Allow-Origin': APP_ORIGIN,
        'Access-Control-Expose-Headers':
          'WWW-Authenticate, Retry-After, Date, Sillage-Heartbeat-Ms, Sillage-Session-Ms',
        Vary: 'Origin',
      });
    }
  });

  it('answers preflights without a token', async () => {
    const headers = { origin: APP_ORIGIN, 'access-control-request-method': 'GET' };
    const transport = await ask(createTestEndpoint(), headers, NEWS, ['OPTIONS']);
    expect([transport.status, transport.state, transport.text()]).toEqual([204, 'ended', '']);
    const stranger = await ask(createTestEndpoint(), { ...headers, origin: 'https://evil.example' }, NEWS, ['OPTIONS']);
    expect(refusalOf(stranger)).toMatchObject({ status: 403, code: 'origin-not-allowed' });
    expect(stranger.headers).not.toHaveProperty('Access-Control-Allow-Origin');
  });
});

describe('the sessions of an endpoint', () => {
  it('can be counted, in all and by user', async () => {
    const test = createTestEndpoint();
    await Promise.all([ask(test), ask(test), ask(test, { authorization: 'Bearer bob' })]);
    expect(test.endpoint.sessions.count).toBe(3);
    expect([...test.endpoint.sessions.byUser]).toEqual([
      ['t.alice', 2],
      ['t.bob', 1],
    ]);
  });

  it('end when their user’s access is revoked, and only those (PROTOCOL 6.5)', async () => {
    const test = createTestEndpoint();
    const [alice, bob] = await Promise.all([ask(test), ask(test, { authorization: 'Bearer bob' })]);
    expect(await test.endpoint.revoke('t.alice')).toBe(1);
    expect([alice.state, bob.state, test.closed]).toEqual(['ended', 'open', ['revoked']]);
    expect(await test.endpoint.revoke(({ objectId }) => objectId === 'bob')).toBe(1);
    expect(test.endpoint.sessions.count).toBe(0);
  });

  it('do not begin when access was revoked while the request was in progress', async () => {
    const test = createTestEndpoint();
    let decide: (answer: 'allow') => void = () => undefined;
    const authorize = () => new Promise<'allow'>((resolve) => (decide = resolve));
    const asking = ask(test, ALICE, { ...NEWS, authorize });
    await settle();
    await test.endpoint.revoke('t.alice');
    decide('allow');
    expect(refusalOf(await asking)).toMatchObject({ status: 503, code: 'revoked' });
  });

  it.each<[string, Partial<StreamEndpointOptions>, number]>([
    ['throws when it opens', { onSessionOpened: () => raise() }, 1],
    // eslint-disable-next-line @typescript-eslint/no-misused-promises -- what an application may do by mistake
    ['rejects when it opens', { onSessionOpened: () => Promise.reject(new Error('hook')) }, 1],
    ['throws when it closes', { onSessionClosed: () => raise() }, 1],
  ])('have all their events although a hook %s, which is reported', async (_what, hooks, count) => {
    const test = createTestEndpoint(hooks);
    const transport = await ask(test);
    await test.hub.publish('news', { data: 1 });
    await settle();
    expect(transport.events()).toMatchObject([{ id: 'e1-0' }, { data: '1' }]);
    await test.endpoint.revoke('t.alice');
    await settle();
    expect([transport.state, test.endpoint.sessions.count]).toEqual(['ended', 0]);
    expect(test.errors.map(String)).toEqual(Array.from({ length: count }, () => 'Error: hook'));
  });

  it('are refused as they should be although onRefused and onError throw', async () => {
    const fallback = vi.spyOn(console, 'error').mockReturnValue(undefined);
    const test = createTestEndpoint({ onRefused: () => raise(), onError: () => raise() });
    expect(refusalOf(await ask(test, {}))).toMatchObject({ status: 401 });
    expect(fallback).toHaveBeenCalledOnce();
    fallback.mockRestore();
  });

  it('report by console.error if there is no onError', async () => {
    const fallback = vi.spyOn(console, 'error').mockReturnValue(undefined);
    const { hub, clock } = createTestEndpoint();
    const error = new Error('broken');
    const endpoint = createStreamEndpoint({ hub, clock, verifier: { verify: () => Promise.reject(error) } });
    await endpoint.stream(createMemoryExchange(ALICE), NEWS);
    expect(fallback).toHaveBeenCalledWith(error);
    fallback.mockRestore();
  });

  it('of other users open when one user is revoked while requests are in progress', async () => {
    const test = createTestEndpoint();
    const decide: ((answer: 'allow') => void)[] = [];
    const authorize = () => new Promise<'allow'>((resolve) => decide.push(resolve));
    const asking = Promise.all([
      ask(test, ALICE, { ...NEWS, authorize }),
      ask(test, { authorization: 'Bearer bob' }, { ...NEWS, authorize }),
    ]);
    await settle();
    await test.endpoint.revoke('t.alice');
    for (const allow of decide) allow('allow');
    expect((await asking).map(({ status }) => status)).toEqual([503, 200]);
  });

  it('are not opened by requests that were in progress when the endpoint closed', async () => {
    const test = createTestEndpoint();
    let decide: (answer: 'allow') => void = () => undefined;
    const asking = ask(test, ALICE, {
      ...NEWS,
      authorize: () => new Promise<'allow'>((resolve) => (decide = resolve)),
    });
    await settle();
    test.endpoint.close();
    decide('allow');
    expect(refusalOf(await asking)).toMatchObject({ status: 503, code: 'server-closing' });
    expect(test.endpoint.sessions.count).toBe(0);
  });

  it('of a ticket are not opened once its user was revoked', async () => {
    const test = createTestEndpoint({ tokenTransports: ['header', 'ticket'] });
    const issue = (key: string) => test.endpoint.issueTicket(createIdentity({ key }), '/events').ticket;
    const [ofAlice, ofBob] = [issue('t.alice'), issue('t.bob')];
    await test.endpoint.revoke('t.alice');
    expect((await ask(test, {}, NEWS, ['GET', `ticket=${ofAlice}`])).status).toBe(401);
    expect((await ask(test, {}, NEWS, ['GET', `ticket=${ofBob}`])).status).toBe(200);
  });

  it('end with their tokens although the time of day is set back an hour', async () => {
    const test = createTestEndpoint();
    test.identities.set('alice', createIdentity({ expiresAtMs: test.clock.now() + 60_000 }));
    const transport = await ask(test);
    test.clock.step(-3_600_000);
    test.clock.advance(59_999);
    expect(transport.state).toBe('open');
    test.clock.advance(1);
    expect(test.closed).toEqual(['token-expired']);
  });

  it('end when the endpoint closes, and none begins after', async () => {
    const test = createTestEndpoint();
    const transport = await ask(test);
    test.endpoint.close();
    expect([transport.state, test.closed]).toEqual(['ended', ['server-closing']]);
    const late = await ask(test);
    expect([refusalOf(late).code, late.headers['Retry-After']]).toEqual(['server-closing', '1']);
  });

  it('open a limited number in a turn of the event loop when many clients reconnect at once', async () => {
    const test = createTestEndpoint();
    const asking = Array.from({ length: 500 }, () => ask(test));
    const openedPerTurn: number[] = [];
    for (let before = 0; before < 500; before = test.endpoint.sessions.count) {
      await settle(1);
      openedPerTurn.push(test.endpoint.sessions.count - before);
    }
    await Promise.all(asking);
    expect(Math.max(...openedPerTurn)).toBeLessThanOrEqual(64);
  });

  it('leave nothing behind, whenever the client disconnects', async () => {
    const test = createTestEndpoint();
    const exchanges = Array.from({ length: 1_000 }, () => createMemoryExchange(ALICE));
    const signals: AbortSignal[] = [];
    const authorize = async ({ signal }: { signal: AbortSignal }): Promise<'allow'> => {
      signals.push(signal);
      await settle(2);
      return 'allow';
    };
    const asking = exchanges.map((exchange, index) => {
      const answered = test.endpoint.stream(exchange, { ...NEWS, authorize });
      if (index % 4 === 0) exchange.transport.leave();
      return answered;
    });
    await settle(1);
    for (const [index, { transport }] of exchanges.entries()) if (index % 4 === 1) transport.leave();
    await Promise.all(asking);
    expect(test.endpoint.sessions.count).toBe(500);
    expect(test.hub.liveCount).toBe(500);
    await test.hub.publish('news', { data: 1 });
    await settle();
    for (const [index, { transport }] of exchanges.entries()) if (index % 4 > 1) transport.leave();
    expect(test.endpoint.sessions).toEqual({ count: 0, byUser: new Map() });
    expect(test.hub.liveCount).toBe(0);
    expect(test.clock.timerCount).toBe(0);
    expect(exchanges.some(({ transport }) => transport.isWatched)).toBe(false);
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    expect(test.closed).toEqual(Array.from({ length: 500 }, () => 'client-left'));
  });

  it('that take nothing are disconnected after the stall time, and the others go on (PROTOCOL 6.4)', async () => {
    const test = createTestEndpoint({ maxUnsentBytes: 50_000, stallMs: 60_000 });
    const [slow, fast] = await Promise.all([ask(test), ask(test)]);
    slow.isReading = false;
    for (let count = 0; count < 20; count += 1) {
      await test.hub.publish('news', { data: 'x'.repeat(10_000) });
      await settle(1);
    }
    expect(fast.events()).toHaveLength(21);
    // No more is kept for it than the bound and what was written last.
    expect(slow.unsentBytes).toBeLessThan(70_000);
    test.clock.advance(70_000);
    expect([slow.state, test.closed]).toEqual(['destroyed', ['slow-consumer']]);
    const resumed = await ask(test, { ...ALICE, 'last-event-id': 'e1-3' });
    await settle();
    expect(resumed.events().filter(({ data }) => data !== undefined)).toHaveLength(17);
  });

  it('that are slow get a large event and all that follow it, at their own pace (PROTOCOL 6.4)', async () => {
    const test = createTestEndpoint({ maxUnsentBytes: 50_000, stallMs: 60_000 });
    const slow = await ask(test);
    slow.isReading = false;
    await test.hub.publish('news', { data: 'x'.repeat(1_000_000) });
    await settle();
    for (let count = 2; count <= 30; count += 1) await test.hub.publish('news', { data: count });
    await settle();
    expect(slow.events()).toHaveLength(2);
    // 125 kB/s: one megabit a second.
    for (let second = 0; second < 20; second += 1) {
      test.clock.advance(1_000);
      slow.drain(125_000);
      await settle();
    }
    expect(test.closed).toEqual([]);
    expect(slow.events().map(({ id }) => id)).toEqual(Array.from({ length: 31 }, (_, index) => `e1-${index}`));
  });

  it('that are too slow for the log are ended, so that they get the gap', async () => {
    const hub = createHub({ log: createMemoryEventLog({ epoch: 'e1', maxEvents: 5 }), maxRecentEvents: 2 });
    const test = createTestEndpoint({ hub, maxUnsentBytes: 50_000 });
    const slow = await ask(test);
    slow.isReading = false;
    await hub.publish('news', { data: 'x'.repeat(100_000) });
    await settle();
    for (let count = 0; count < 20; count += 1) await hub.publish('news', { data: count });
    await settle();
    slow.drain();
    await settle();
    expect(test.closed).toEqual(['slow-consumer']);
  });
});

describe('options', () => {
  it.each(['heartbeatMs', 'stallMs', 'maxSessionMs', 'maxTopics', 'maxUnsentBytes', 'maxEventBytes'])(
    'refuse 0 as %s',
    (option) => {
      expect(() => createTestEndpoint({ [option]: 0 })).toThrow(option);
    },
  );

  it('limit the topics of a session', async () => {
    const test = createTestEndpoint({ maxTopics: 2 });
    expect((await ask(test, ALICE, { topics: ['a', 'b'] })).status).toBe(200);
    for (const topics of [[], ['a', 'b', 'c'], ['a', 'b\n'], [7 as unknown as string]]) {
      expect((await ask(test, ALICE, { topics })).status).toBe(404);
    }
  });

  it('let no tickets be given unless they can be used', () => {
    expect(() => createTestEndpoint().endpoint.issueTicket(createIdentity(), '/events')).toThrow(/tokenTransports/);
  });
});

describe('what is reported', () => {
  it('is the cause of a 500 or 503 that is a fault of the server', async () => {
    const log = { ...createMemoryEventLog(), tail: () => Promise.reject(new Error('log down')) };
    const test = createTestEndpoint({ hub: createHub({ log }) });
    expect((await ask(test)).status).toBe(503);
    expect(test.errors.map(String)).toEqual(['Error: log down']);
    expect(test.refused).toEqual(['log-unavailable']);
  });

  it('is not that a token was refused, or that its keys cannot be fetched', async () => {
    const causes: unknown[] = [];
    const error = new TokenRefusedError('keys-unavailable', 'Later.', { retryAfterMs: 1_000 });
    const test = createTestEndpoint({
      verifier: { verify: () => Promise.reject(error) },
      onRefused: (_refusal, cause) => causes.push(cause),
    });
    expect((await ask(test)).status).toBe(503);
    expect((await ask(createTestEndpoint(), { authorization: 'Bearer expired' })).status).toBe(401);
    expect([test.errors, causes]).toEqual([[], [error]]);
  });

  it('is that the hub was closed under a session, which ends', async () => {
    const closed = new Error('hub closed');
    const hub = createHub({ log: createMemoryEventLog() });
    const subscribe = () => {
      throw closed;
    };
    const test = createTestEndpoint({ hub: { ...hub, subscribe } });
    const transport = await ask(test);
    expect([transport.state, test.closed, test.errors]).toEqual(['ended', ['failed'], [closed]]);
  });

  it('is the fault of a snapshot, and its client is disconnected', async () => {
    const test = createTestEndpoint();
    const snapshot = () => Promise.reject(new Error('no state'));
    const transport = await ask(test, ALICE, { ...NEWS, snapshot });
    await settle();
    expect([transport.state, test.closed, test.errors.map(String)]).toEqual(['ended', ['failed'], ['Error: no state']]);
  });

  it('is a snapshot that is larger than an event may be', async () => {
    const test = createTestEndpoint({ maxEventBytes: 100 });
    const snapshot = () => ({ after: 'e1-0', event: { data: 'x'.repeat(200) } });
    await ask(test, ALICE, { ...NEWS, snapshot });
    await settle();
    expect(test.errors).toMatchObject([{ code: 'event-too-large' }]);
  });

  it('names the topics of a session to the hooks, and null for a finite stream', async () => {
    const opened: unknown[] = [];
    const test = createTestEndpoint({ onSessionOpened: ({ topics, identity }) => opened.push([identity.key, topics]) });
    await ask(test, ALICE, { topics: ['b', 'a'] });
    await test.endpoint.respond(createMemoryExchange(ALICE), {}, async function* () {
      yield await Promise.resolve({ data: 1 });
    });
    expect(opened).toEqual([
      ['t.alice', ['b', 'a']],
      ['t.alice', null],
    ]);
  });

  it('gives a callback the signal, the query and the ID of its request', async () => {
    const test = createTestEndpoint();
    let context: StreamContext<EndpointRequest> | undefined;
    const authorize = (given: StreamContext<EndpointRequest>) => {
      context = given;
      return 'allow' as const;
    };
    const transport = await ask(test, { ...ALICE, 'last-event-id': 'e1-0' }, { ...NEWS, authorize }, ['GET', 'room=7']);
    expect([context?.query.get('room'), context?.lastEventId, context?.signal.aborted]).toEqual(['7', 'e1-0', false]);
    transport.leave();
    expect(context?.signal.aborted).toBe(true);
  });
});
