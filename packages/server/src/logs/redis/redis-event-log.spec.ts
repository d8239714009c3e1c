import { createClient } from '@redis/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventLog } from '../../events/event-log.ts';
import { registerEventLogContract } from '../event-log-contract.fixture.ts';
import { entry, follow, range, registerRemoteLogContract, until } from '../remote-log-contract.fixture.ts';
import { createRedisEventLog } from './redis-event-log.ts';
import type { RedisEventLogOptions } from './redis-event-log.ts';
import { startProxy, startRedis } from './redis-server.fixture.ts';
import { appendScript, keysOf } from './scripts.ts';
import type { RedisServer } from './redis-server.fixture.ts';

let server: RedisServer;
let prefixes = 0;
const freshPrefix = (): string => `t${(prefixes += 1)}`;
beforeAll(async () => {
  server = await startRedis();
}, 60_000);
afterAll(() => server.remove());

async function command(...parts: string[]): Promise<unknown> {
  const client = createClient({ url: server.url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await client.sendCommand(parts);
  } finally {
    client.destroy();
  }
}

registerEventLogContract('the Redis log', {
  createLog: (options) => createRedisEventLog({ ...options, url: server.url, prefix: freshPrefix() }),
  // The tail is a connection of its own.
  settle: () => new Promise((resolve) => setTimeout(resolve, 50)),
});

registerRemoteLogContract('the Redis log', {
  createNode: (prefix, options) =>
    createRedisEventLog({ ...options, url: server.url, prefix, timeoutMs: 5_000, onError: () => undefined }),
  cutConnections: async () => {
    await command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  },
});

describe('the Redis log', () => {
  let prefix: string;
  let logs: EventLog[];
  const node = (options: RedisEventLogOptions = {}) => {
    const log = createRedisEventLog({ url: server.url, prefix, epoch: 'e1', onError: () => undefined, ...options });
    logs.push(log);
    return log;
  };
  const readAll = (log: EventLog, after: string, topic = 'a') =>
    log.read({ after, topics: [topic], maxEvents: 1_000, maxBytes: 1e7 });
  beforeEach(() => {
    prefix = freshPrefix();
    logs = [];
  });
  afterEach(async () => {
    await Promise.all(logs.map((log) => log.close()));
  });

  it('begins another history after FLUSHALL, and tells a gap to clients of the lost one', async () => {
    const log = node();
    const { seen, resets } = await follow(log);
    for (const data of range(1, 5)) await log.append('a', entry(data));
    await until(() => seen.length === 5);
    await command('FLUSHALL');
    // Fewer than before: a tail that asked for what comes after the fifth would wait forever.
    for (const data of ['new 1', 'new 2']) await log.append('a', entry(data));
    await until(() => seen.length === 7);
    const { epoch } = await log.position();
    expect(epoch).not.toBe('e1');
    expect([seen.slice(5).map(({ id }) => id), resets]).toEqual([[`${epoch}-1`, `${epoch}-2`], [`${epoch}-0`]]);
    expect((await readAll(log, 'e1-1')).gap?.reason).toBe('epoch');
  });

  it('stores an append once, although the connection was lost before its answer', async () => {
    const proxy = await startProxy(server.port);
    const log = node({ url: `redis://127.0.0.1:${proxy.port}` });
    const witness = node();
    const { seen } = await follow(witness);
    await log.append('a', entry('1'));
    proxy.swallow(true);
    const appended = log.append('a', entry('2'));
    proxy.swallow(false);
    proxy.cut();
    expect((await appended).sequence).toBe(2);
    await log.append('a', entry('3'));
    await until(() => seen.at(-1)?.data === '3');
    expect(seen.map(({ data }) => data)).toEqual(['1', '2', '3']);
    await log.close();
    await proxy.stop();
  });

  it('notices a connection that swallows everything, and continues on another', { timeout: 30_000 }, async () => {
    const proxy = await startProxy(server.port);
    const log = node({ url: `redis://127.0.0.1:${proxy.port}` });
    const { seen, resets } = await follow(log);
    const tail = await log.tail({ onEvents: () => undefined, onReset: () => undefined });
    const other = node();
    await other.append('a', entry('1'));
    await until(() => seen.length === 1);
    proxy.swallow(true);
    await other.append('a', entry('2'));
    await until(() => (tail.silenceMs?.() ?? 0) > 2_000);
    proxy.swallow(false);
    await until(() => seen.length === 2);
    expect([seen.map(({ data }) => data), resets]).toEqual([['1', '2'], []]);
    await log.close();
    await proxy.stop();
  });

  it('runs its scripts on a server that has forgotten them', async () => {
    const log = node();
    await log.append('a', entry('1'));
    await command('SCRIPT', 'FLUSH');
    expect((await log.append('a', entry('2'))).sequence).toBe(2);
  });

  it('reads a quiet topic without reading those of others', async () => {
    const log = node();
    await log.append('quiet', entry('1'));
    await Promise.all(range(1, 2_000).map((data) => log.append('loud', entry(data))));
    await command('CONFIG', 'RESETSTAT');
    await readAll(log, 'e1-0', 'quiet');
    const stats = String(await command('INFO', 'commandstats'));
    // The tail looks at its last event once in a while.
    expect(Number(/cmdstat_xrange:calls=(\d+)/.exec(stats)?.[1])).toBeLessThan(50);
  });

  it('says so where Redis cannot be reached', async () => {
    const log = createRedisEventLog({ url: 'redis://127.0.0.1:1', onError: () => undefined });
    await expect(log.position()).rejects.toMatchObject({ code: 'log-unavailable' });
    await expect(log.position()).rejects.toThrow('Check its address');
    await log.close();
  });

  it('refuses a batch that arrives after a later one of its node', async () => {
    const log = node();
    await log.append('a', entry('1'));
    const keys = Object.values(keysOf(prefix)) as string[];
    const run = (batch: string, data: string) => {
      const limits = ['1000', '1000'];
      const values = ['n', batch, 'e9', 'e1', '0', ...limits, 'a', 'message', data, ''];
      return command('EVAL', appendScript.source, String(keys.length), ...keys, ...values);
    };
    expect([await run('1', 'x'), await run('2', 'y'), await run('2', 'y')]).toMatchObject([
      ['e1', 2],
      ['e1', 3],
      ['e1', 3],
    ]);
    await expect(run('1', 'x')).rejects.toThrow('STALE');
    expect((await log.position()).sequence).toBe(3);
  });

  it('does not repeat the password of a URL that it refuses', () => {
    for (const url of ['redis://user:secret@local host:1', 'http://user:secret@localhost']) {
      expect(() => createRedisEventLog({ url })).toThrow(
        expect.objectContaining({
          code: 'invalid-configuration',
          message: expect.not.stringContaining('secret') as string,
        }),
      );
    }
  });

  it.each([{ prefix: '' }, { prefix: 'a{b' }, { maxEvents: 0 }, { timeoutMs: 1.5 }])(
    'refuses options that cannot work: %j',
    (options) => {
      expect(() => createRedisEventLog(options)).toThrow(expect.objectContaining({ code: 'invalid-configuration' }));
    },
  );
});

describe('a Redis server that fails', () => {
  let own: RedisServer;
  let logs: EventLog[];
  beforeEach(async () => {
    own = await startRedis('--appendonly', 'yes', '--appendfsync', 'always');
    logs = [];
  });
  afterEach(async () => {
    await Promise.all(logs.map((log) => log.close()));
    await own.remove();
  });
  const node = (options: RedisEventLogOptions = {}) => {
    const log = createRedisEventLog({ url: own.url, epoch: 'e1', onError: () => undefined, ...options });
    logs.push(log);
    return log;
  };
  const readAll = (log: EventLog, after: string) => log.read({ after, topics: ['a'], maxEvents: 1_000, maxBytes: 1e7 });

  it('and starts again continues, with every position that it still has', { timeout: 30_000 }, async () => {
    const log = node();
    const { seen } = await follow(log);
    for (const data of range(1, 5)) await log.append('a', entry(data));
    await until(() => seen.length === 5);
    await own.kill();
    const appended = log.append('a', entry('6'));
    await own.start();
    await appended;
    await until(() => seen.length === 6);
    expect(seen.map(({ data }) => data)).toEqual(range(1, 6));
    const page = await readAll(log, 'e1-3');
    expect([page.gap, page.events.map(({ data }) => data)]).toEqual([undefined, ['4', '5', '6']]);
  });

  it('rejects an append that it cannot confirm in time', { timeout: 30_000 }, async () => {
    const log = node({ timeoutMs: 300 });
    await log.append('a', entry('1'));
    await own.kill();
    const many = range(1, 1_500).map((data) => log.append('a', entry(data)));
    for (const result of await Promise.allSettled(many)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'append-unconfirmed' } });
    }
    await own.start();
    // The connection takes a moment, which is more than this limit.
    const appended = await vi.waitFor(() => log.append('a', entry('3')), { timeout: 10_000 });
    expect(appended.sequence).toBeGreaterThanOrEqual(2);
  });
});

describe('a Redis server that is put back to an earlier copy', () => {
  it('tells a gap to clients that are ahead, and to no others', { timeout: 30_000 }, async () => {
    const own = await startRedis();
    const logs = [createRedisEventLog({ url: own.url, epoch: 'e1', onError: () => undefined })];
    const [log] = logs as [EventLog];
    const client = createClient({ url: own.url });
    client.on('error', () => undefined);
    try {
      for (const data of range(1, 5)) await log.append('a', entry(data));
      await client.connect();
      await client.sendCommand(['SAVE']);
      client.destroy();
      const restore = own.backUp();
      for (const data of range(6, 9)) await log.append('a', entry(data));
      await own.kill();
      restore();
      await own.start();
      // More than were lost, so that their numbers are used again.
      for (const data of range(1, 6)) await log.append('a', entry(`new ${data}`));
      const read = (after: string) => log.read({ after, topics: ['a'], maxEvents: 100, maxBytes: 1e6 });
      expect((await read('e1-7')).gap?.reason).toBe('epoch');
      const kept = await read('e1-4');
      expect([kept.gap, kept.events[0]?.data, kept.events.at(-1)?.data]).toEqual([undefined, '5', 'new 6']);
    } finally {
      await log.close();
      await own.remove();
    }
  });
});
