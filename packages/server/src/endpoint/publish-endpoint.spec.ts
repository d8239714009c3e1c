import { describe, expect, it, vi } from 'vitest';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { createIdentity } from '../auth/identity.fixture.ts';
import { TokenRefusedError } from '../auth/token-refused-error.ts';
import { createHub } from '../hub/hub.ts';
import type { Hub } from '../hub/hub.ts';
import { createMemoryExchange } from '../http/memory-transport.fixture.ts';
import { createMemoryEventLog } from '../logs/memory-event-log.ts';
import openapi from '../../openapi/publish.json' with { type: 'json' };
import { createPublishEndpoint } from './publish-endpoint.ts';
import type { PublishEndpointOptions } from './publish-endpoint.ts';

const application = { kind: 'application', scopes: [] } as const;
const identities = new Map([
  ['orders', createIdentity({ ...application, key: 't.orders', roles: ['Orders.Publish'] })],
  ['billing', createIdentity({ ...application, key: 't.billing', roles: ['Orders.Publish', 'Everything.Publish'] })],
  ['reader', createIdentity({ ...application, key: 't.reader', roles: ['Orders.Read'] })],
  ['alice', createIdentity({ key: 't.alice', roles: ['Orders.Publish'] })],
]);
const verifier = {
  async verify(token: string) {
    await Promise.resolve();
    const identity = identities.get(token);
    if (identity === undefined) throw new TokenRefusedError('token-expired', 'The token has expired.');
    return identity;
  },
};
const grants = { 'Orders.Publish': ['orders', 'orders/*'], 'Everything.Publish': ['**'] };

interface Sent {
  readonly token?: string;
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: {
    readonly code?: string;
    readonly detail?: string;
    readonly ids?: string[];
    readonly isRepeat?: boolean;
  };
}

function createTestPublishing(
  options: Partial<PublishEndpointOptions> = {},
  hub: Hub = createHub({ log: createMemoryEventLog({ epoch: 'e1' }) }),
) {
  const errors: unknown[] = [];
  const publishing = createPublishEndpoint({
    hub,
    verifier,
    grants,
    onError: (error) => errors.push(error),
    ...options,
  });
  async function send({ token = 'orders', key, body, headers = {}, method = 'POST' }: Sent): Promise<Answer> {
    const { request, transport } = createMemoryExchange(
      {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...headers,
      },
      method,
    );
    await publishing.publish({ request, native: request, transport, readJson: () => Promise.resolve(body) });
    const answer = {
      status: transport.status,
      headers: transport.headers,
      body: JSON.parse(transport.text()) as Answer['body'],
    };
    checkAnswer(answer);
    return answer;
  }
  return { hub, errors, send };
}

const shipped = { topic: 'orders/42', type: 'shipped', data: { id: 42 } };

// Every answer that a test gets is one that the OpenAPI document describes.
const ajv = new Ajv2020({ strict: false });
ajv.addSchema(openapi, 'openapi');
const { responses } = openapi.paths['/publish'].post;
function checkAnswer({ status, body }: Answer): void {
  expect(Object.keys(responses)).toContain(String(status));
  const schema = status === 200 ? 'Stored' : 'Problem';
  expect(ajv.validate({ $ref: `openapi#/components/schemas/${schema}` }, body), ajv.errorsText()).toBe(true);
}
const isDescribed = (body: unknown) => ajv.validate({ $ref: 'openapi#/components/schemas/Publication' }, body);

describe('publishing over HTTP', () => {
  it('stores an event and answers with its ID', async () => {
    const onPublished = vi.fn();
    const { hub, send } = createTestPublishing({ onPublished });
    await hub.ready();
    expect(await send({ body: { events: [shipped] } })).toMatchObject({
      status: 200,
      body: { ids: ['e1-1'], isRepeat: false },
    });
    expect(hub.position.sequence).toBe(1);
    expect(onPublished).toHaveBeenCalledExactlyOnceWith(identities.get('orders'), ['e1-1']);
  });

  it('answers a repeat of a key with the same IDs, and stores nothing', async () => {
    const onPublished = vi.fn();
    const { hub, send } = createTestPublishing({ onPublished });
    await hub.ready();
    const body = { events: [shipped, { topic: 'orders', text: 'x', retry: 5 }] };
    expect((await send({ key: 'k-1', body })).body).toEqual({ ids: ['e1-1', 'e1-2'], isRepeat: false });
    // RFC 9651 writes a string in quotes.
    expect((await send({ key: '"k-1"', body })).body).toEqual({ ids: ['e1-1', 'e1-2'], isRepeat: true });
    expect(hub.position.sequence).toBe(2);
    expect(onPublished).toHaveBeenCalledTimes(1);
  });

  it('does not mix up keys of different applications', async () => {
    const { send } = createTestPublishing();
    expect((await send({ key: 'k', body: { events: [shipped] } })).body.ids).toEqual(['e1-1']);
    expect((await send({ token: 'billing', key: 'k', body: { events: [shipped] } })).body.ids).toEqual(['e1-2']);
  });

  it('refuses other events with a known key', async () => {
    const { send } = createTestPublishing();
    await send({ key: 'k', body: { events: [shipped] } });
    const answer = await send({ key: 'k', body: { events: [{ ...shipped, data: 'other' }] } });
    expect(answer).toMatchObject({ status: 422, body: { code: 'key-reused' } });
  });

  it('stores nothing if one event of a batch is refused', async () => {
    const { hub, send } = createTestPublishing();
    await hub.ready();
    for (const bad of [
      { topic: 'invoices/1', data: 1 },
      { topic: 'orders/1', type: 'gap', data: 1 },
    ]) {
      const { status } = await send({ key: 'k', body: { events: [shipped, bad] } });
      expect(status).toBeGreaterThanOrEqual(400);
    }
    expect(hub.position.sequence).toBe(0);
  });

  it.each([
    ['orders', 'orders', 200],
    ['orders', 'orders/42', 200],
    ['orders', 'orders/42/notes', 403],
    ['orders', 'ordersX', 403],
    ['orders', 'invoices', 403],
    ['billing', 'anything/at/all', 200],
  ])('lets %s publish to %s: %i', async (token, topic, status) => {
    const { send } = createTestPublishing();
    const answer = await send({ token, body: { events: [{ topic, data: 1 }] } });
    expect(answer.status).toBe(status);
    if (status === 403) expect(answer.body.code).toBe('topic-not-granted');
  });

  it.each([
    ['an application without the role', { token: 'reader' }, 403, 'insufficient-scope'],
    ['a user, although the user has the role', { token: 'alice' }, 403, 'not-an-application'],
    ['an expired token', { token: 'gone' }, 401, 'token-expired'],
    ['no token', { headers: { authorization: '' } }, 401, 'no-token'],
    ['GET', { method: 'GET' }, 405, 'method-not-allowed'],
    ['another media type', { headers: { 'content-type': 'text/plain' } }, 415, 'not-json'],
    ['a key with a space', { key: 'a b' }, 400, 'invalid-key'],
    ['an empty key', { key: '""' }, 400, 'invalid-key'],
    ['a body that is too large', { body: 'too-large' }, 413, 'publication-too-large'],
    ['several events without a key', { body: { events: [shipped, shipped] } }, 400, 'idempotency-key-required'],
  ] as const)('refuses %s', async (_, sent, status, code) => {
    const { hub, errors, send } = createTestPublishing();
    await hub.ready();
    expect(await send({ body: { events: [shipped] }, ...sent })).toMatchObject({ status, body: { code } });
    expect(hub.position.sequence).toBe(0);
    expect(errors).toEqual([]);
  });

  it.each([
    [undefined],
    [null],
    [[]],
    [{}],
    [{ events: {} }],
    [{ events: [] }],
    [{ events: [null] }],
    [{ events: ['x'] }],
    [{ events: [{ data: 1 }] }],
    [{ events: [{ topic: '', data: 1 }] }],
    [{ events: [{ topic: 'orders' }] }],
    [{ events: [{ topic: 'orders', data: 1, text: '1' }] }],
    [{ events: [{ topic: 'orders', text: 1 }] }],
    [{ events: [{ topic: 'orders', type: 1, data: 1 }] }],
    [{ events: [{ topic: 'orders', type: '', data: 1 }] }],
    [{ events: [{ topic: 'orders', retry: -1, data: 1 }] }],
    [{ events: [{ topic: 'orders', retry: '1', data: 1 }] }],
    [{ events: [{ topic: 'orders', type: 'rotate', data: 1 }] }],
    [{ events: [{ topic: 'orders', id: '1', data: 1 }] }],
  ])('refuses the body %j, as its description does', async (body) => {
    const { send } = createTestPublishing({ grants: { 'Orders.Publish': ['**'] } });
    expect((await send({ body })).status).toBe(400);
    expect(isDescribed(body)).toBe(false);
  });

  it('says which event is malformed, and repeats nothing of it', async () => {
    const { send } = createTestPublishing();
    const { body } = await send({ key: 'k', body: { events: [shipped, { topic: 'orders', data: 1, secret: 'x' }] } });
    expect(body.detail).toBe('events[1] has an unknown member. Use topic, type, data, text and retry.');
  });

  it('limits the number of events and the size of each', async () => {
    const hub = createHub({ log: createMemoryEventLog(), maxEventBytes: 10 });
    const { send } = createTestPublishing({ maxEvents: 2 }, hub);
    const small = { topic: 'orders', data: 1 };
    expect((await send({ key: 'k', body: { events: [small, small] } })).status).toBe(200);
    expect(await send({ key: 'l', body: { events: [small, small, small] } })).toMatchObject({
      status: 413,
      body: { code: 'publication-too-large' },
    });
    expect(await send({ body: { events: [{ topic: 'orders', data: 'x'.repeat(20) }] } })).toMatchObject({
      status: 413,
      body: { code: 'event-too-large' },
    });
  });

  it('answers 429 with Retry-After past a limit, before it reads the body', async () => {
    const limit = vi.fn(() => Promise.resolve({ kind: 'too-many-requests' as const, retryAfterMs: 2_500 }));
    const { send } = createTestPublishing({ limit });
    const answer = await send({ body: 'too-large' });
    expect(answer).toMatchObject({ status: 429, headers: { 'Retry-After': '3' } });
    expect(limit).toHaveBeenCalledWith(expect.objectContaining({ identity: identities.get('orders') }));
  });

  it('answers 503 with Retry-After while the log cannot store anything, and reports why', async () => {
    const failure = new Error('The disk is full.');
    const log = createMemoryEventLog();
    const hub = createHub({
      log: { ...log, append: () => Promise.reject(failure), appendOnce: () => Promise.reject(failure) },
    });
    const { errors, send } = createTestPublishing({}, hub);
    for (const key of [undefined, 'k']) {
      const answer = await send({ ...(key === undefined ? {} : { key }), body: { events: [shipped] } });
      expect(answer).toMatchObject({ status: 503, headers: { 'Retry-After': '5' }, body: { code: 'log-unavailable' } });
    }
    expect(errors).toEqual([failure, failure]);
  });

  it('survives a hook that throws', async () => {
    const thrown = new Error('hook');
    const { errors, send } = createTestPublishing({
      onPublished() {
        throw thrown;
      },
    });
    expect((await send({ body: { events: [shipped] } })).status).toBe(200);
    expect(errors).toEqual([thrown]);
  });

  it.each([[{}], [{ 'Orders.Publish': [] }]])('refuses the grants %j when it is created', (wrong) => {
    expect(() => createTestPublishing({ grants: wrong })).toThrow(/grants must name/);
  });
});
