import type { AnalyticsPoint, DataPoint, ServerHealth, StockPrice, StockSymbol } from 'demo-contract';
import { describe, expect, it } from 'vitest';
import { withApi } from './with-api.fixture.ts';

describe('a stream of samples', () => {
  const held = withApi();

  it.each([
    ['process', ['cpu', 'eventLoop', 'heapUsed', 'residentMemory']],
    ['metrics', ['cpu', 'eventLoop', 'heapUsed', 'residentMemory']],
    ['machine', ['cpu', 'load', 'freeMemory', 'usedMemory']],
  ])('measures the %s', async (type, metrics) => {
    const stream = held.api.follow<DataPoint>('bob', `/data/stream/${type}`);
    const count = metrics.length * 2;
    const points: DataPoint[] = [];
    await stream.until(({ data }) => points.push(data) === count);
    expect(points.map(({ metric }) => metric)).toEqual([...metrics, ...metrics]);
    for (const { value, unit, at } of points) {
      expect(value).toBeGreaterThanOrEqual(0);
      if (unit === 'percent') expect(value).toBeLessThanOrEqual(100);
      expect(new Date(at).getTime()).toBeGreaterThan(Date.now() - 60_000);
    }
    stream.close();
  });

  it('counts what this API is used for', async () => {
    const users = held.api.follow<AnalyticsPoint>('alice', '/analytics/stream/users');
    await users.until(({ data }) => data.metric === 'users' && data.value === 1);
    const streams = held.api.follow<AnalyticsPoint>('bob', '/analytics/stream/streams');
    await streams.until(({ data }) => data.value === 2 && data.total >= 2);
    await users.until(({ data }) => data.value === 2);

    const errors = held.api.follow<AnalyticsPoint>('bob', '/analytics/stream/errors');
    const [before] = await errors.until(() => true);
    await held.api.call('bob', 'GET', '/nowhere');
    const after = await errors.until(({ data }) => data.value > 0);
    expect(after.at(-1)?.data.total).toBe((before?.data.total ?? 0) + 1);

    const events = held.api.follow<AnalyticsPoint>('bob', '/analytics/stream/events');
    await events.until(() => true);
    await held.api.call('bob', 'POST', '/events', { type: 'update', text: 'x' });
    await events.until(({ data }) => data.value > 0);
    const requests = held.api.follow<AnalyticsPoint>('bob', '/analytics/stream/requests');
    await requests.until(({ data }) => data.total > 5);
    for (const stream of [users, streams, errors, events, requests]) stream.close();
  });

  it('moves the prices that were asked for, and says that they are simulated', async () => {
    const known = await held.api.json<StockSymbol[]>('bob', 'GET', '/stocks');
    expect(known.map(({ symbol }) => symbol)).toEqual(expect.arrayContaining(['MSFT', 'CONT']));
    const stream = held.api.follow<StockPrice>('bob', '/stocks/stream?symbols=MSFT,cont');
    const prices: StockPrice[] = [];
    await stream.until(({ data }) => prices.push(data) === 20);
    expect(new Set(prices.map(({ symbol }) => symbol))).toEqual(new Set(['MSFT', 'CONT']));
    for (const { price, source } of prices) expect([price > 0, source]).toEqual([true, 'simulated']);
    expect(new Set(prices.map(({ price }) => price)).size).toBeGreaterThan(2);
    stream.close();
  });

  it.each([
    ['/stocks/stream?symbols=MSFT,NOPE', 404, 'choose 1 to 10 of ADVW, CONT'],
    ['/stocks/stream', 400, 'choose 1 to 10'],
    ['/stocks/stream?symbols=A,B,C,D,E,F,G,H,I,J,K', 400, 'choose 1 to 10'],
    ['/data/stream/secrets', 404, 'process, machine'],
    ['/analytics/stream/nothing', 404, 'users, streams, events, requests, errors'],
  ])('refuses %s with a problem that says what to choose', async (path, status, detail) => {
    const response = await held.api.call('bob', 'GET', path);
    expect(response.status).toBe(status);
    expect(((await response.json()) as { detail: string }).detail).toContain(detail);
  });

  it('says how the server is', async () => {
    const stream = held.api.follow<ServerHealth>('bob', '/health/stream');
    await held.api.json('bob', 'POST', '/events', { type: 'update', text: 'something to append' });
    const seen = await stream.until(({ data }) => data.logDelayMs > 0 && data.sessions === 1);
    expect(seen.at(-1)?.data).toMatchObject({ store: 'memory', status: 'ok' });
    expect(seen.at(-1)?.data.heapUsedBytes).toBeLessThan(seen.at(-1)?.data.heapLimitBytes ?? 0);
    stream.close();
  });
});
