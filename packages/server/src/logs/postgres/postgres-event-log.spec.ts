import { once } from 'node:events';
import { fork } from 'node:child_process';
import { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHub } from '../../hub/hub.ts';
import type { EventLog } from '../../events/event-log.ts';
import { registerEventLogContract } from '../event-log-contract.fixture.ts';
import { entry, follow, range, registerRemoteLogContract } from '../remote-log-contract.fixture.ts';
import { Follower } from '../follower.ts';
import { createFollowSource } from './read-page.ts';
import type { Query } from './queries.ts';
import { createPostgresEventLog, migratePostgresEventLog } from './postgres-event-log.ts';
import type { PostgresEventLogOptions } from './postgres-event-log.ts';
import { startPostgres } from './postgres-server.fixture.ts';
import type { PostgresServer } from './postgres-server.fixture.ts';
import { queriesOf } from './queries.ts';

let server: PostgresServer;
let pool: Pool;
let schemas = 0;
const freshSchema = (): string => `t${(schemas += 1)}`;
beforeAll(async () => {
  server = await startPostgres();
  pool = createPool();
}, 60_000);
afterAll(async () => {
  await pool.end();
  await server.remove();
});

function createPool(): Pool {
  const created = new Pool(server.config);
  // Idle clients of a server that is stopped.
  created.on('error', () => undefined);
  return created;
}

registerEventLogContract('the PostgreSQL log', {
  createLog: (options) => createPostgresEventLog({ ...options, pool, schema: freshSchema() }),
  settle: () => Promise.resolve(),
});

registerRemoteLogContract('the PostgreSQL log', {
  createNode: (schema, options) =>
    createPostgresEventLog({ ...options, pool, schema, timeoutMs: 5_000, onError: () => undefined }),
  cutConnections: async () => {
    await pool.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sillage' AND pid <> pg_backend_pid()",
    );
  },
});

describe('the PostgreSQL log', () => {
  let schema: string;
  let logs: EventLog[];
  const node = (options: Partial<PostgresEventLogOptions> = {}) => {
    const log = createPostgresEventLog({ pool, schema, onError: () => undefined, ...options });
    logs.push(log);
    return log;
  };
  const readAll = (log: EventLog, after: string, topic = 'a') =>
    log.read({ after, topics: [topic], maxEvents: 1_000, maxBytes: 1e7 });
  beforeEach(() => {
    schema = freshSchema();
    logs = [];
  });
  afterEach(async () => {
    await Promise.all(logs.map((log) => log.close()));
  });

  it('finds the numbers of a batch whose first caller died before it noted them', async () => {
    const batch = {
      key: 'k',
      fingerprint: 'f',
      events: ['1', '2'].map((data) => ({ topic: 'a', entry: entry(data) })),
    };
    const first = await node({ epoch: 'e1' }).appendOnce?.(batch);
    await pool.query(`UPDATE ${schema}.publications SET ids = NULL`);
    expect(await node().appendOnce?.(batch)).toEqual({ ids: first?.ids, isRepeat: true });
  });

  describe('in a transaction of the application', () => {
    it('delivers an event if and only if the transaction commits', async () => {
      const log = node({ epoch: 'e1' });
      const hub = createHub({ log });
      const { seen, until } = await follow(log);
      const client = await pool.connect();
      for (const [end, data] of [
        ['ROLLBACK', 1],
        ['COMMIT', 2],
      ] as const) {
        await client.query('BEGIN');
        await expect(hub.publish('a', { type: 'shipped', data, retry: 7 }, { client })).resolves.toBeUndefined();
        await client.query(end);
      }
      client.release();
      await until(() => seen.length > 0);
      expect(await hub.publish('a', { data: 3 })).toBe('e1-2');
      expect(seen).toEqual([
        { id: 'e1-1', sequence: 1, topic: 'a', type: 'shipped', data: '2', retry: 7 },
        { id: 'e1-2', sequence: 2, topic: 'a', type: 'message', data: '3' },
      ]);
    });

    it('delivers in the order of the commits, and not in the order of the publications', async () => {
      const log = node();
      const { data, until } = await follow(log);
      const [first, second, blocker] = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
      await blocker.query('BEGIN');
      // Nothing is numbered meanwhile, so that both come into one batch.
      await blocker.query(`SELECT 1 FROM ${schema}.state FOR UPDATE`);
      for (const client of [first, second]) await client.query('BEGIN');
      await log.appendIn?.(first, 'a', entry('published first'));
      await log.appendIn?.(second, 'a', entry('published second'));
      await second.query('COMMIT');
      await first.query('COMMIT');
      await blocker.query('COMMIT');
      for (const client of [first, second, blocker]) client.release();
      await until(() => data().length === 2);
      expect(data()).toEqual(['published second', 'published first']);
    });

    it('keeps the order of the events of one transaction', async () => {
      const log = node();
      const { data, until } = await follow(log);
      const client = await pool.connect();
      await client.query('BEGIN');
      for (const text of range(1, 50)) await log.appendIn?.(client, 'a', entry(text));
      await client.query('COMMIT');
      client.release();
      await until(() => data().length === 50);
      expect(data()).toEqual(range(1, 50));
    });

    it('is refused by a hub whose log has no transactions', async () => {
      const { createMemoryEventLog } = await import('../memory-event-log.ts');
      const hub = createHub({ log: createMemoryEventLog() });
      await expect(hub.publish('a', { data: 1 }, { client: undefined as never })).rejects.toMatchObject({
        code: 'invalid-configuration',
      });
    });
  });

  describe('of several nodes', () => {
    it('continues when the node that numbers events is closed', async () => {
      const first = node();
      await first.append('a', entry('1'));
      const second = node();
      const { data, until } = await follow(second);
      await first.close();
      await second.append('a', entry('2'));
      await until(() => data().length === 1);
      expect(data()).toEqual(['2']);
    });

    it('takes over from a process that was killed, and from one that is frozen', { timeout: 30_000 }, async () => {
      for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
        const worker = fork(new URL('./sequencer-process.fixture.ts', import.meta.url), {
          env: { ...process.env, PGPORT: String(server.config.port), SILLAGE_SCHEMA: schema },
        });
        await once(worker, 'message');
        const log = node({ timeoutMs: 20_000 });
        const { data, until } = await follow(log);
        worker.kill(signal);
        const atMs = performance.now();
        await log.append('a', entry(signal));
        console.log(`took over after ${signal} in ${Math.round(performance.now() - atMs)} ms`);
        await until(() => data().length === 1);
        worker.kill('SIGKILL');
        await log.close();
      }
    });

    it('tells a node that was away for longer than the log holds', async () => {
      const log = node({ maxEvents: 5, epoch: 'e1' });
      for (const data of range(1, 20)) await log.append('a', entry(data));
      const seen: unknown[] = [];
      const follower = new Follower(
        { epoch: 'e1', sequence: 2 },
        {
          onEvents: (events) => seen.push(...events.map(({ event }) => event.sequence)),
          onReset: ({ epoch, sequence }) => seen.push(`${epoch}-${sequence}`),
        },
      );
      const query: Query = async <Row>(text: string, values: readonly unknown[] = []) =>
        (await pool.query(text, [...values])).rows as Row[];
      await follower.catchUp(createFollowSource(query, queriesOf(schema)));
      expect(seen).toEqual(['e1-15', 16, 17, 18, 19, 20]);
      expect((await readAll(log, 'e1-2')).gap?.reason).toBe('trimmed');
    });
  });
});

describe('a PostgreSQL server that fails', () => {
  it('and starts again continues the history, and appends wait for nothing else', { timeout: 60_000 }, async () => {
    const own = await startPostgres();
    const ownPool = new Pool(own.config);
    ownPool.on('error', () => undefined);
    const log = createPostgresEventLog({ pool: ownPool, epoch: 'e1', onError: () => undefined });
    try {
      const { data, resets, until } = await follow(log);
      const acknowledged: string[] = [];
      const append = async (text: string): Promise<void> => {
        await log.append('a', entry(text));
        acknowledged.push(text);
      };
      for (const text of range(1, 5)) await append(text);
      await own.stop('immediate');
      await expect(append('6')).rejects.toThrow();
      await own.start();
      for (const text of range(7, 9)) await append(text);
      await until(() => data().length === 8);
      expect([data(), resets]).toEqual([acknowledged, []]);
      expect(await log.position()).toEqual({ epoch: 'e1', sequence: 8 });
    } finally {
      await log.close();
      await ownPool.end();
      await own.remove();
    }
  });

  it.each([
    ['is put back to an earlier copy', false],
    ['is replaced by a promoted copy that lost the last events', true],
  ])('and %s tells a gap to clients that are ahead', { timeout: 60_000 }, async (_, isPromoted) => {
    const own = await startPostgres();
    const ownPool = new Pool(own.config);
    ownPool.on('error', () => undefined);
    const create = () => createPostgresEventLog({ pool: ownPool, epoch: 'e1', onError: () => undefined });
    const logs = [create()];
    try {
      const before = logs[0] as EventLog;
      for (const text of range(1, 5)) await before.append('a', entry(text));
      await own.stop();
      const restore = own.backUp();
      await own.start();
      for (const text of range(6, 9)) await before.append('a', entry(text));
      // A promoted copy is known by itself. The other only by a node that has seen more.
      if (isPromoted) await before.close();
      const witness = isPromoted ? undefined : await follow(before);
      await own.stop();
      restore();
      await (isPromoted ? own.promote() : own.start());
      await witness?.until(() => witness.resets.length > 0);
      const after = create();
      logs.push(after);
      // More than were lost, so that their numbers are used again.
      for (const text of range(1, 6)) await after.append('a', entry(`new ${text}`));
      const { epoch } = await after.position();
      expect(epoch).not.toBe('e1');
      const read = (position: string) => after.read({ after: position, topics: ['a'], maxEvents: 100, maxBytes: 1e6 });
      expect((await read('e1-7')).gap?.reason).toBe('epoch');
      // What the copy still had holds where nothing says the contrary.
      const kept = await read('e1-4');
      expect([kept.gap?.reason, kept.events[0]?.data]).toEqual(isPromoted ? [undefined, '5'] : ['epoch', '1']);
    } finally {
      await Promise.all(logs.map((log) => log.close()));
      await ownPool.end();
      await own.remove();
    }
  });
});

describe('the tables of the PostgreSQL log', () => {
  it('are created once, by however many processes at a time', async () => {
    const schema = freshSchema();
    const clients = await Promise.all(range(1, 5).map(() => pool.connect()));
    await Promise.all(clients.map((client) => migratePostgresEventLog(client, { schema, epoch: 'e7' })));
    for (const client of clients) client.release();
    const log = createPostgresEventLog({ pool, schema, migrate: 'never' });
    expect(await log.position()).toEqual({ epoch: 'e7', sequence: 0 });
    await log.close();
  });

  it('of a newer version are refused', async () => {
    const schema = freshSchema();
    const log = createPostgresEventLog({ pool, schema });
    await log.position();
    await log.close();
    await pool.query(`INSERT INTO ${schema}.versions (version) VALUES (99)`);
    const older = createPostgresEventLog({ pool, schema });
    await expect(older.position()).rejects.toMatchObject({ code: 'invalid-configuration' });
  });

  it('are read by their indexes, however many events there are', async () => {
    const schema = freshSchema();
    const log = createPostgresEventLog({ pool, schema });
    await log.position();
    await pool.query(`
      INSERT INTO ${schema}.events
      SELECT n, 'topic ' || n % 1000, 'message', 'x', NULL, 8, n FROM generate_series(1, 50000) AS n`);
    await pool.query(`UPDATE ${schema}.state SET last = 50000`);
    await pool.query(`ANALYZE ${schema}.events`);
    const explain = async (text: string, values: unknown[]): Promise<string> => {
      const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    };
    const queries = queriesOf(schema);
    const plans = [
      await explain(queries.readPage, [['topic 1', 'topic 2'], 100, 257, 1e6, 'e0']),
      await explain(queries.follow, [49_000, 1_000, 1e6, 'e0']),
    ];
    for (const plan of plans) expect(plan).not.toContain('Seq Scan on events');
    await log.close();
  });
});

describe('the options of the PostgreSQL log', () => {
  it.each([{ schema: 'Sillage' }, { schema: 'a"; DROP' }, { maxEvents: 0 }, { timeoutMs: -1 }])(
    'are refused where they cannot work: %j',
    (options) => {
      expect(() => createPostgresEventLog({ pool, ...options })).toThrow(
        expect.objectContaining({ code: 'invalid-configuration' }),
      );
    },
  );

  it('do not make a text of NUL storable, which is refused', async () => {
    const log = createPostgresEventLog({ pool, schema: freshSchema() });
    await expect(log.append('a', entry('\0'))).rejects.toMatchObject({ code: 'invalid-data' });
    await log.close();
  });
});
