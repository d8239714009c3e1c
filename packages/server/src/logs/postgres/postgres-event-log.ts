import type { ClientBase, ClientConfig, Pool } from 'pg';
import {
  checkBounds,
  ClosedError,
  ConfigurationError,
  createReporter,
  EventRefusedError,
  systemClock,
} from '../../core/index.ts';
import type { EventLog, EventPlace, LogEntry, LogTailListener } from '../../events/index.ts';
import { appendOnce } from './append-once.ts';
import { AppendQueue } from './append-queue.ts';
import { Follower } from '../follower.ts';
import { checkSchema, migratePostgresEventLog } from './migrate.ts';
import { PostgresNode } from './postgres-node.ts';
import { queriesOf } from './queries.ts';
import { readPostgresPage } from './read-page.ts';
import { Sequencer } from './sequencer.ts';

export { migratePostgresEventLog } from './migrate.ts';
export type { PostgresMigrationOptions } from './migrate.ts';

export interface PostgresEventLogOptions {
  /** The application's pool. Appends and reads use it; it may go through PgBouncer. The caller ends it, after `close()`. */
  readonly pool: Pool;
  /**
   * How this node connects for listening and numbering: one connection, directly to the server, because a lock and `LISTEN` belong to a session
   * (PgBouncer in transaction mode has none). @default the options of the pool
   */
  readonly direct?: ClientConfig;
  /** The schema of the log's tables: 1 to 40 of `[a-z0-9_]`. Logs of different schemas have separate histories. @default 'sillage' */
  readonly schema?: string;
  /** Whether the log creates and changes its tables, or leaves that to {@link migratePostgresEventLog}. @default 'auto' */
  readonly migrate?: 'auto' | 'never';
  /** How many events it holds over all topics; about 1 % more before they are removed. The same on all nodes. @default 1_000_000 */
  readonly maxEvents?: number;
  /**
   * How many topics with removed events it remembers, so that it can tell their gaps exactly. Past it, a reader of a forgotten topic may
   * be told a gap although nothing is missing (PROTOCOL 5.4). @default 10_000
   */
  readonly maxTrimmedTopics?: number;
  /** How long an append waits for its number. @default 10_000 */
  readonly timeoutMs?: number;
  /** The name of a new log's first history: 1 to 32 of `[0-9a-z]`. @default a random one */
  readonly epoch?: string;
  /** Told of lost connections, which the log replaces by itself. @default console.error */
  readonly onError?: (error: unknown) => void;
}

/**
 * Holds events in PostgreSQL (13 or newer), for any number of nodes. An event can be published in a transaction of the application:
 * `hub.publish(topic, event, { client })` delivers it if and only if that transaction commits.
 *
 * One node at a time numbers what has been committed, in the order of the commits. If it dies, another takes over within about half a
 * second; meanwhile publishing goes on, and delivery waits.
 *
 * @throws ConfigurationError for a bound that is not a whole number of at least 1, or an invalid schema.
 *
 * @example
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL });
 * const hub = createHub({ log: createPostgresEventLog({ pool }) });
 * const client = await pool.connect();
 * await client.query('BEGIN');
 * await client.query('UPDATE orders SET status = $1 WHERE id = $2', ['shipped', 42]);
 * await hub.publish('orders/42', { type: 'shipped', data: { id: 42 } }, { client });
 * await client.query('COMMIT');
 */
export function createPostgresEventLog(options: PostgresEventLogOptions): EventLog<ClientBase> {
  const { pool, direct = pool.options, migrate = 'auto', timeoutMs = 10_000, epoch } = options;
  const { maxEvents = 1_000_000, maxTrimmedTopics = 10_000, onError = console.error } = options;
  checkBounds({ maxEvents, maxTrimmedTopics, timeoutMs });
  const schema = checkSchema(options.schema ?? 'sillage');
  const queries = queriesOf(schema);
  const clock = systemClock;
  const report = createReporter(onError);
  const tails = new Set<LogTailListener>();
  const queue = new AppendQueue({ pool, queries, clock, timeoutMs, onCommitted: () => started?.node.committed() });
  let starting: Promise<void> | undefined;
  let started: { readonly node: PostgresNode; readonly follower: Follower } | undefined;
  let isClosed = false;

  async function position(): Promise<EventPlace> {
    const { rows } = await pool.query<{ epoch: string; last: number }>(queries.position);
    const [row] = rows;
    if (row === undefined)
      throw new ConfigurationError(`The schema ${schema} has no state. Run migratePostgresEventLog.`);
    return { epoch: row.epoch, sequence: row.last };
  }

  async function start(): Promise<void> {
    if (migrate === 'auto') {
      const client = await pool.connect();
      try {
        await migratePostgresEventLog(client, { schema, ...(epoch === undefined ? {} : { epoch }) });
      } finally {
        client.release();
      }
    }
    const follower = new Follower(await position(), {
      onEvents(events) {
        queue.numbered(events);
        const logged = events.map(({ event }) => event);
        for (const listener of tails) listener.onEvents(logged);
      },
      onReset(place) {
        for (const listener of tails) listener.onReset(place);
      },
    });
    const sequencer = new Sequencer({ queries, maxEvents, maxTrimmedTopics, monotonic: () => clock.monotonic() });
    started = {
      follower,
      node: new PostgresNode({ config: direct, queries, follower, sequencer, clock, onError: report }),
    };
  }

  /** After a failure, the next call tries again. */
  async function ready(): Promise<void> {
    checkOpen();
    starting ??= start();
    try {
      await starting;
    } catch (error) {
      starting = undefined;
      throw error;
    }
    checkOpen();
  }

  function checkOpen(): void {
    if (isClosed) throw new ClosedError('log-closed', 'The event log is closed. Publish and read before close().');
  }

  return {
    async append(topic, entry) {
      checkStorable(entry);
      await ready();
      return queue.append(topic, entry);
    },
    async appendIn(client, topic, entry) {
      checkStorable(entry);
      await ready();
      await client.query(queries.appendOne, [topic, entry.type, entry.data, entry.retry ?? null]);
    },
    async appendOnce(batch) {
      for (const { entry } of batch.events) checkStorable(entry);
      await ready();
      return appendOnce(batch, { pool, queries, queue, clock, timeoutMs });
    },
    async read(request) {
      await ready();
      return readPostgresPage(pool, queries, request);
    },
    async tail(listener) {
      await ready();
      tails.add(listener);
      return {
        from: started?.follower.place ?? (await position()),
        silenceMs: () => started?.node.silenceMs() ?? 0,
        stop: () => void tails.delete(listener),
      };
    },
    async position() {
      await ready();
      return position();
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await starting?.catch(() => undefined);
      // Appends that were accepted are kept: their callers wait for them.
      await queue.drained();
      tails.clear();
      await started?.node.stop();
    },
  };
}

/** PostgreSQL's text has no NUL. JSON writes it as an escape. */
function checkStorable({ data }: LogEntry): void {
  if (!data.includes('\0')) return;
  throw new EventRefusedError(
    'invalid-data',
    'PostgreSQL cannot store NUL in a text. Publish it as data, which is sent as JSON.',
  );
}
