import { describe, expect, it, vi } from 'vitest';
import { createTestEndpoint } from './endpoint.fixture.ts';
import type { TestEndpoint } from './endpoint.fixture.ts';
import { StreamFailure } from '../core/errors.ts';
import { createIdentity } from '../auth/identity.fixture.ts';
import { createMemoryExchange } from '../http/memory-transport.fixture.ts';
import type { EndpointRequest } from '../http/session-transport.ts';
import type { FiniteStreamEnd, StreamSource } from './stream-options.ts';
import { settle } from '../core/tick.fixture.ts';

const ALICE = { authorization: 'Bearer alice' };

function respond(
  { endpoint }: TestEndpoint,
  source: StreamSource<EndpointRequest>,
  method = 'POST',
  headers: Readonly<Record<string, string>> = {},
) {
  const { transport, ...exchange } = createMemoryExchange({ ...ALICE, ...headers }, method);
  const ended = endpoint.respond({ ...exchange, transport }, { scopes: ['Events.Read'] }, source);
  return { transport, ended };
}

/** Something to wait for that a signal ends, as an upstream request would be. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(new Error('aborted upstream')), { once: true });
  });
}

describe('a finite stream', () => {
  it('ends with the event complete (PROTOCOL 6.2)', async () => {
    const test = createTestEndpoint();
    const { transport, ended } = respond(test, async function* ({ identity }) {
      await settle(1);
      yield { type: 'token', data: `Hello ${identity.objectId}` };
      yield { text: 'raw' };
    });
    await ended;
    expect(transport.events()).toEqual([
      { type: 'token', data: '"Hello alice"' },
      { data: 'raw' },
      { id: 'sillage-complete', type: 'complete', data: '' },
    ]);
    expect([transport.status, transport.state, test.closed]).toEqual([200, 'ended', ['completed']]);
  });

  it('is resumed by a source that gives its events IDs', async () => {
    const test = createTestEndpoint();
    const count: StreamSource<EndpointRequest> = async function* ({ lastEventId = 'n:0' }) {
      for (let n = Number(lastEventId.slice(2)) + 1; n <= 3; n += 1) {
        await settle(1);
        yield { id: `n:${n}`, data: n };
      }
    };
    const first = respond(test, count);
    const second = respond(test, count, 'POST', { 'last-event-id': 'n:2' });
    await Promise.all([first.ended, second.ended]);
    const last = [{ id: 'n:3', data: '3' }, { id: 'sillage-complete', type: 'complete', data: '' }]; // prettier-ignore
    expect(first.transport.events()).toEqual([{ id: 'n:1', data: '1' }, { id: 'n:2', data: '2' }, ...last]);
    expect(second.transport.events()).toEqual(last);
  });

  it('is not computed again for a client that asks again after complete: 204 (PROTOCOL 6.2)', async () => {
    const test = createTestEndpoint();
    const source = vi.fn();
    const { transport, ended } = respond(test, source, 'POST', { 'last-event-id': 'sillage-complete' });
    await ended;
    expect([transport.status, transport.text(), source.mock.calls.length]).toEqual([204, '', 0]);
  });

  it.each<[FiniteStreamEnd, string]>([
    ['complete', 'event: complete\nid: sillage-complete\ndata:\n\n'],
    [{ data: '[DONE]' }, 'id: sillage-complete\ndata: [DONE]\n\n'],
    ['close', 'id: sillage-complete\n\n'],
  ])('can end by %j', async (end, written) => {
    const test = createTestEndpoint();
    const exchange = createMemoryExchange(ALICE, 'POST');
    await test.endpoint.respond(exchange, { end }, async function* () {
      await settle(1);
      yield { text: 'x' };
    });
    expect(exchange.transport.text()).toBe(`:\ndata: x\n\n${written}`);
    expect([exchange.transport.state, test.closed]).toEqual(['ended', ['completed']]);
  });

  it('begins with a comment before its source gives anything', async () => {
    const test = createTestEndpoint();
    const { transport } = respond(test, ({ signal }) =>
      (async function* () {
        await untilAborted(signal);
        yield { data: 1 };
      })(),
    );
    await settle();
    expect(transport.text()).toBe(':\n');
    transport.leave();
  });

  it('fails if its source gives an event the ID of the end', async () => {
    const test = createTestEndpoint();
    const { transport, ended } = respond(test, async function* () {
      await settle(1);
      yield { id: 'sillage-complete', data: 1 };
    });
    await ended;
    expect(transport.events()).toMatchObject([{ type: 'failure' }]);
    expect(test.errors).toMatchObject([{ code: 'invalid-id' }]);
  });

  it('fails if an ID of its source would begin a new line', async () => {
    const test = createTestEndpoint();
    const { transport, ended } = respond(test, async function* () {
      await settle(1);
      yield { id: '1\ndata: forged', data: 1 };
    });
    await ended;
    expect(transport.events()).toMatchObject([{ type: 'failure' }]);
    expect(transport.text()).not.toContain('forged');
  });

  it('has the same checks as any other, and takes GET and POST', async () => {
    const test = createTestEndpoint();
    const source = vi.fn();
    const exchange = createMemoryExchange({}, 'POST');
    await test.endpoint.respond(exchange, {}, source);
    const put = createMemoryExchange(ALICE, 'PUT');
    await test.endpoint.respond(put, {}, source);
    expect([exchange.transport.status, put.transport.headers.Allow]).toEqual([401, 'GET, POST, OPTIONS']);
    expect(source).not.toHaveBeenCalled();
  });

  it('that fails on purpose says why (PROTOCOL 6.3)', async () => {
    const test = createTestEndpoint();
    const { transport, ended } = respond(test, async function* () {
      yield { data: 1 };
      await settle(1);
      throw new StreamFailure('model-overloaded', 'Try again\nlater.');
    });
    await ended;
    const [, failure, ...others] = transport.events();
    expect(failure).toEqual({ type: 'failure', data: '{"code":"model-overloaded","message":"Try again\\nlater."}' });
    expect([others, test.closed, transport.state]).toEqual([[], ['failed'], 'ended']);
  });

  it('that fails with another error hides it from the client, and reports it to onError (PROTOCOL 6.3)', async () => {
    const test = createTestEndpoint();
    const sources: StreamSource<EndpointRequest>[] = [
      () => {
        throw new Error('password 1234');
      },
      // eslint-disable-next-line require-yield -- it fails before it gives anything
      async function* () {
        await settle(1);
        throw new Error('password 1234');
      },
      async function* () {
        await settle(1);
        yield { type: 'complete', data: 1 };
      },
      async function* () {
        await settle(1);
        yield { data: 1n };
      },
    ];
    for (const source of sources) {
      const { transport, ended } = respond(test, source);
      await ended;
      expect(transport.events()).toMatchObject([
        { type: 'failure', data: expect.stringContaining('internal-error') as string },
      ]);
      expect(transport.text()).not.toContain('1234');
    }
    expect(test.errors).toHaveLength(4);
  });

  it('stops its source when the client disconnects, even while it waits', async () => {
    const test = createTestEndpoint();
    let isCleanedUp = false;
    let signal: AbortSignal | undefined;
    const { transport, ended } = respond(test, async function* (context) {
      ({ signal } = context);
      try {
        yield { data: 1 };
        await untilAborted(context.signal);
      } finally {
        isCleanedUp = true;
      }
    });
    await settle();
    expect(signal?.aborted).toBe(false);
    transport.leave();
    await ended;
    await settle();
    expect([signal?.aborted, isCleanedUp, test.closed, test.errors]).toEqual([true, true, ['client-left'], []]);
    expect([transport.isWatched, test.clock.timerCount, test.endpoint.sessions.count]).toEqual([false, 0, 0]);
  });

  it('ends for the client although its source never settles', async () => {
    const test = createTestEndpoint();
    const returned = vi.fn(() => Promise.resolve({ done: true as const, value: undefined }));
    const { transport, ended } = respond(test, () => ({
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined), return: returned }),
    }));
    await settle();
    transport.leave();
    await ended;
    expect(returned).toHaveBeenCalledOnce();
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('clean-up');
      },
    ],
    ['rejects', () => Promise.reject(new Error('clean-up'))],
    ['returns no promise', () => undefined],
  ])('ends for the client though the clean-up of its source %s', async (_what, cleanUp) => {
    const test = createTestEndpoint();
    const { transport, ended } = respond(test, () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: cleanUp as () => Promise<never>,
      }),
    }));
    await settle();
    transport.leave();
    await expect(ended).resolves.toBeUndefined();
    expect([test.closed, test.errors]).toEqual([['client-left'], []]);
  });

  it('requests no more from its source than the client takes', async () => {
    const test = createTestEndpoint();
    let asked = 0;
    const { transport, ended } = respond(test, async function* () {
      for (; asked < 10; asked += 1) {
        await settle(1);
        yield { data: 'x'.repeat(20_000) };
      }
    });
    transport.isReading = false;
    await settle(50);
    expect(asked).toBe(0);
    transport.isReading = true;
    transport.drain();
    await ended;
    expect([asked, test.closed]).toEqual([10, ['completed']]);
  });

  it('that its client does not take is disconnected after the stall time', async () => {
    const test = createTestEndpoint({ stallMs: 60_000 });
    const { transport, ended } = respond(test, async function* () {
      await settle(1);
      yield { data: 'x'.repeat(20_000) };
      yield { data: 'never' };
    });
    transport.isReading = false;
    await settle(20);
    test.clock.advance(70_000);
    await ended;
    expect([transport.state, test.closed]).toEqual(['destroyed', ['slow-consumer']]);
  });

  it('ends with its token like any other, without complete (PROTOCOL 6.1, 6.6)', async () => {
    const test = createTestEndpoint();
    test.identities.set('alice', createIdentity({ expiresAtMs: test.clock.now() + 10_000 }));
    const { transport, ended } = respond(test, async function* ({ signal }) {
      test.clock.advance(10_000);
      await untilAborted(signal).catch(() => undefined);
      yield { data: 'late' };
    });
    await settle();
    await ended;
    expect([transport.text(), test.closed]).toEqual([':\n', ['token-expired']]);
  });
});
