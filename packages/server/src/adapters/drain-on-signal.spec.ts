import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createTestEndpoint } from '../endpoint/endpoint.fixture.ts';
import { systemClock } from '../core/clock.ts';
import { drainOnSignal } from './drain-on-signal.ts';
import type { DrainOnSignalOptions } from './drain-on-signal.ts';
import { createNodeExchange } from './node.ts';

const ALICE = { headers: { authorization: 'Bearer alice' } };

/** A server that drains at a signal which means nothing else to the process of the tests. */
async function listen(options: Partial<DrainOnSignalOptions> = {}) {
  const { endpoint, hub } = createTestEndpoint({ clock: systemClock, heartbeatMs: null });
  const server = createServer((request, response) => {
    if (request.url === '/ordinary') response.end('answered');
    else void endpoint.stream(createNodeExchange(request, response), { topics: ['news'] });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const closed = new Promise<string>((resolve) => server.once('close', () => resolve('closed')));
  const stop = drainOnSignal({ endpoints: [endpoint], server, signals: ['SIGUSR2'], windowMs: 60_000, ...options });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, hub, server, closed, stop };
}

describe('drainOnSignal', () => {
  it('moves the sessions, answers ordinary requests meanwhile, and closes the server when none is left', async () => {
    const steps: string[] = [];
    const test = await listen({ onDrained: () => void steps.push('drained') });
    const leaving = new AbortController();
    const response = await fetch(test.url, { ...ALICE, signal: leaving.signal });
    const reader = (response.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream()).getReader();
    process.emit('SIGUSR2', 'SIGUSR2');
    let received = '';
    while (!received.includes('event: rotate')) received += (await reader.read()).value ?? '';
    expect((await fetch(test.url, ALICE)).status).toBe(503);
    expect(await (await fetch(`${test.url}/ordinary`)).text()).toBe('answered');
    expect(steps).toEqual([]);
    leaving.abort();
    await reader.closed.catch(() => undefined);
    expect([await test.closed, steps]).toEqual(['closed', ['drained']]);
  });

  it('reports what onDrained throws, and closes the server all the same', async () => {
    const errors: unknown[] = [];
    const test = await listen({
      onDrained: () => Promise.reject(new Error('the database is away')),
      onError: (error) => void errors.push(error),
    });
    process.emit('SIGUSR2', 'SIGUSR2');
    expect(await test.closed).toBe('closed');
    expect(errors).toMatchObject([{ message: 'the database is away' }]);
  });

  it('refuses a time that cannot work at once, and not when the signal comes', () => {
    const { endpoint } = createTestEndpoint();
    const before = process.listenerCount('SIGUSR2');
    const options = { endpoints: [endpoint], server: createServer(), signals: ['SIGUSR2' as const], windowMs: 0 };
    expect(() => drainOnSignal(options)).toThrow('windowMs');
    expect(process.listenerCount('SIGUSR2')).toBe(before);
  });

  it('waits for one signal, and for none after it was stopped', async () => {
    const before = process.listenerCount('SIGUSR2');
    const test = await listen();
    expect(process.listenerCount('SIGUSR2')).toBe(before + 1);
    test.stop();
    expect(process.listenerCount('SIGUSR2')).toBe(before);
    test.server.close();
    const other = await listen();
    process.emit('SIGUSR2', 'SIGUSR2');
    expect(process.listenerCount('SIGUSR2')).toBe(before);
    await other.closed;
  });
});
