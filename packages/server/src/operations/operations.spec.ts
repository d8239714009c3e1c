import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Span, SpanStatus, Tracer, TracerProvider } from '@opentelemetry/api';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../core/fake-clock.fixture.ts';
import { settle } from '../core/tick.fixture.ts';
import { createTestEndpoint } from '../endpoint/endpoint.fixture.ts';
import type { EventLog } from '../events/event-log.ts';
import { createMemoryExchange } from '../http/memory-transport.fixture.ts';
import { createHub } from '../hub/hub.ts';
import { createMemoryEventLog } from '../logs/memory-event-log.ts';
import { createHealth, createLimits, createLogHooks, createMetrics, createOperations, traceHub } from './index.ts';

const ALICE = { authorization: 'Bearer alice' };

function createMeasured() {
  const log = createMemoryEventLog({ epoch: 'e1', maxEvents: 3 });
  const metrics = createMetrics({ engine: 'memory' });
  const hub = createHub({ log, observer: metrics.hubObserver, maxRecentEvents: 1 });
  const opened: unknown[] = [];
  const hooks = metrics.endpointHooks({ onSessionOpened: (session) => void opened.push(session) });
  const test = createTestEndpoint({ hub, ...hooks });
  metrics.watch({ hub, log, endpoints: [test.endpoint] });
  const read = async (name: string): Promise<Record<string, number>> => {
    const lines = (await metrics.read()).split('\n').filter((line) => new RegExp(`^sillage_${name}[ {]`).test(line));
    return Object.fromEntries(lines.map((line) => [/\{(.*)\}/.exec(line)?.[1] ?? '', Number(line.split(' ').at(-1))]));
  };
  return { ...test, log, metrics, opened, read };
}

describe('metrics', () => {
  it('count sessions, deliveries, replays, gaps and refusals, and call the hooks of the application', async () => {
    const test = createMeasured();
    const open = async (headers: Record<string, string>) => {
      const exchange = createMemoryExchange(headers);
      await test.endpoint.stream(exchange, { topics: ['news'] });
      await settle();
      return exchange.transport;
    };
    const transport = await open(ALICE);
    await open({ authorization: 'Bearer bob' });
    for (let data = 1; data <= 5; data += 1) await test.hub.publish('news', { data });
    await settle();
    await open({ ...ALICE, 'last-event-id': 'e1-1' });
    await open({ ...ALICE, 'last-event-id': 'e1-3' });
    await open({});
    transport.leave();
    expect(await test.read('sessions')).toEqual({ 'engine="memory"': 3 });
    expect(await test.read('live_subscriptions')).toEqual({ 'engine="memory"': 3 });
    expect(await test.read('sessions_opened_total')).toEqual({ 'engine="memory"': 4 });
    expect(await test.read('sessions_closed_total')).toEqual({ 'engine="memory",reason="client-left"': 1 });
    expect(await test.read('deliveries_total')).toEqual({ 'engine="memory"': 10 });
    expect(await test.read('replays_total')).toEqual({ 'engine="memory"': 5 });
    expect(await test.read('gaps_total')).toEqual({ 'engine="memory",reason="trimmed"': 1 });
    expect(await test.read('refusals_total')).toEqual({ 'engine="memory",code="no-token"': 1 });
    expect(await test.read('publish_duration_seconds_count')).toEqual({ 'engine="memory"': 5 });
    expect(await test.read('publish_to_write_seconds_count')).toEqual({ 'engine="memory"': 5 });
    expect(await test.read('log_lag_events')).toEqual({ 'engine="memory"': 0 });
    expect(test.opened).toHaveLength(4);
  });

  it('are all on the dashboard, which shows no others', async () => {
    const { metrics } = createMeasured();
    const dashboard = readFileSync(new URL('../../grafana/sillage.json', import.meta.url), 'utf8');
    const shown = new Set(Array.from(dashboard.matchAll(/sillage_[a-z_]+/g), ([name]) => name.replace(/_bucket$/, '')));
    const registered = (await metrics.registry.getMetricsAsJSON()).map(({ name }) => name);
    expect([...shown].sort()).toEqual(registered.sort());
  });
});

describe('health', () => {
  const createChecked = (options: { log?: Partial<EventLog> } = {}) => {
    const log: EventLog = { ...createMemoryEventLog(), ...options.log };
    const clock = createFakeClock();
    const test = createTestEndpoint({ hub: createHub({ log }) });
    return { ...test, clock, health: createHealth({ hub: test.hub, log, endpoints: [test.endpoint], clock }) };
  };

  it('is ready where the log answers, the hub follows it, and sessions are taken', async () => {
    const { health } = createChecked();
    expect(await health.ready()).toEqual({ status: 'ok', checks: { sessions: 'ok', log: 'ok', hub: 'ok' } });
  });

  it('is not ready while the server drains', async () => {
    const { health, endpoint } = createChecked();
    await endpoint.drain();
    expect((await health.ready()).checks.sessions).toContain('shutting down');
  });

  it('is not ready if the log does not answer', async () => {
    const { health, clock } = createChecked({ log: { position: () => new Promise(() => undefined) } });
    const ready = health.ready();
    await settle();
    clock.advance(2_000);
    expect(await ready).toMatchObject({ status: 'failing', checks: { log: 'There was no answer within 2000 ms.' } });
  });

  it('is not ready if the node does not hear from its log', async () => {
    const memory = createMemoryEventLog();
    const tail: EventLog['tail'] = async (listener) => ({ ...(await memory.tail(listener)), silenceMs: () => 12_000 });
    const { health } = createChecked({ log: { tail } });
    expect((await health.ready()).checks.hub).toBe('This node has not heard from its log for 12 s.');
  });

  it('fails with the checks of the application', async () => {
    const log = createMemoryEventLog();
    const test = createTestEndpoint({ hub: createHub({ log }) });
    const checks = { database: () => Promise.reject(new Error('The database is away.')) };
    const health = createHealth({ hub: test.hub, log, endpoints: [test.endpoint], checks });
    expect(await health.ready()).toMatchObject({ status: 'failing', checks: { database: 'The database is away.' } });
  });
});

describe('the operations of a node', () => {
  const ask = async (path: string, method = 'GET', withMetrics = true) => {
    const test = createMeasured();
    const health = createHealth({ hub: test.hub, log: test.log, endpoints: [test.endpoint] });
    const exchange = createMemoryExchange({}, method);
    const operations = createOperations(withMetrics ? { health, metrics: test.metrics } : { health });
    const request = { ...exchange.request, method, path, query: new URLSearchParams(), header: () => undefined };
    const outcome = await operations.handle({ ...exchange, request });
    return { outcome, transport: exchange.transport };
  };

  it.each([
    ['/healthz', 200, '{"status":"ok"}'],
    ['/readyz', 200, '"hub":"ok"'],
    ['/metrics', 200, 'sillage_sessions{engine="memory"} 0'],
  ])('answer %s', async (path, status, text) => {
    const { outcome, transport } = await ask(path);
    expect([outcome, transport.status, transport.text()]).toEqual(['answered', status, expect.stringContaining(text)]);
  });

  it('answer no other paths and methods, and no metrics unless they are given', async () => {
    for (const [path, method, withMetrics] of [
      ['/events', 'GET', true],
      ['/readyz', 'POST', true],
      ['/metrics', 'GET', false],
    ] as const) {
      expect((await ask(path, method, withMetrics)).outcome).toBe('unknown');
    }
  });
});

describe('limits', () => {
  const connect = async (options: Parameters<typeof createLimits>[0], count: number) => {
    const test = createTestEndpoint({
      limit: createLimits({ onError: () => undefined, ...options, endpoints: () => [test.endpoint] }),
    });
    const answers: string[] = [];
    for (let at = 0; at < count; at += 1) {
      const exchange = createMemoryExchange(ALICE);
      await test.endpoint.stream(exchange, { topics: ['news'] });
      const { status, headers } = exchange.transport;
      answers.push(status === 429 ? `429 after ${headers['Retry-After']} s` : String(status));
    }
    return answers;
  };
  const broken = { consume: () => Promise.reject(new Error('The store is away.')) } as unknown as RateLimiterAbstract;

  it('allow a user so many connections in a time, and say when to try again', async () => {
    const perUser = new RateLimiterMemory({ points: 2, duration: 60 });
    expect(await connect({ perUser }, 3)).toEqual(['200', '200', '429 after 60 s']);
  });

  it('allow an address so many, and count only what the application trusts', async () => {
    const perAddress = new RateLimiterMemory({ points: 1, duration: 60 });
    expect(await connect({ perAddress, addressOf: () => '203.0.113.9' }, 2)).toEqual(['200', '429 after 60 s']);
    expect(await connect({ perAddress, addressOf: () => undefined }, 2)).toEqual(['200', '200']);
  });

  it('allow a user so many sessions at a time', async () => {
    expect(await connect({ maxSessionsPerUser: 2 }, 3)).toEqual(['200', '200', '429 after 10 s']);
  });

  it('allow everything while their store is away, unless told otherwise', async () => {
    expect(await connect({ perUser: broken }, 1)).toEqual(['200']);
    expect(await connect({ perUser: broken, whenUnavailable: 'refuse' }, 1)).toEqual(['429 after 1 s']);
  });
});

describe('log hooks', () => {
  it('write lines with users and reasons, and never a token', async () => {
    const lines: string[] = [];
    const write = (level: string) => (fields: object, message: string) =>
      void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
    const logger = { info: write('info'), warn: write('warn'), error: write('error') };
    const test = createTestEndpoint({ ...createLogHooks(logger), tokenTransports: ['header', 'ticket', 'query'] });
    const open = async (headers: Record<string, string>, query = '') => {
      const exchange = createMemoryExchange(headers, 'GET', query);
      await test.endpoint.stream(exchange, { topics: ['news'] });
      return exchange.transport;
    };
    (await open(ALICE)).leave();
    await open({ authorization: 'Bearer stolen-secret' });
    await open({}, 'ticket=secret-ticket');
    await open({}, 'access_token=secret-token');
    await test.endpoint.stream(createMemoryExchange(ALICE), {
      topics: () => Promise.reject(Object.assign(new Error('broken'), { request: { authorization: 'secret-header' } })),
    });
    await test.endpoint.revoke('t.alice');
    expect(lines.join('\n')).not.toMatch(/secret|Bearer/);
    expect(lines.map((line) => line.split(' {')[0])).toEqual([
      'info session opened',
      'info session ended',
      'info request refused',
      'info request refused',
      'info request refused',
      'error request refused',
      'error stream failed',
    ]);
    expect(lines[0]).toContain('"user":"t.alice"');
  });
});

describe('traces', () => {
  afterEach(() => trace.disable());

  it('have a span for each publication, without its topic and data', async () => {
    const spans: { name: string; attributes: Record<string, unknown>; status?: SpanStatus; ended: boolean }[] = [];
    const startSpan: Tracer['startSpan'] = (name, options) => {
      const span: (typeof spans)[number] = { name, attributes: { ...options?.attributes }, ended: false };
      spans.push(span);
      return {
        setAttribute: (key: string, value: unknown) => void (span.attributes[key] = value),
        setStatus: (status: SpanStatus) => void (span.status = status),
        end: () => void (span.ended = true),
      } as unknown as Span;
    };
    const tracer = {
      startSpan,
      startActiveSpan: (name: string, options: object, run: (span: Span) => unknown) =>
        run(startSpan(name, options, context.active())),
    } as unknown as Tracer;
    trace.setGlobalTracerProvider({ getTracer: () => tracer } satisfies TracerProvider);
    const hub = traceHub(createHub({ log: createMemoryEventLog({ epoch: 'e1' }) }));
    await hub.publish('users/alice', { type: 'greeted', data: 'hello' });
    await hub.publish('users/alice', { type: 'gap', data: 1 }).catch(() => undefined);
    await hub.publishOnce('alice', [{ topic: 'users/alice', data: 'hello' }]);
    expect(spans).toMatchObject([
      {
        name: 'sillage publish',
        attributes: { 'messaging.message.id': 'e1-1', 'sillage.event.type': 'greeted' },
        ended: true,
      },
      { status: { code: SpanStatusCode.ERROR }, ended: true },
      { attributes: { 'messaging.batch.message_count': 1, 'sillage.repeat': false }, ended: true },
    ]);
    expect(JSON.stringify(spans)).not.toMatch(/alice|hello/);
    expect([hub.liveCount, hub.position.sequence]).toEqual([0, 0]);
  });

  it('cost an application without a tracer nothing but a call', async () => {
    const hub = traceHub(createHub({ log: createMemoryEventLog({ epoch: 'e1' }) }));
    expect(await hub.publish('a', { data: 1 })).toBe('e1-1');
  });
});
