import { ErrorReply } from '@redis/client';
import type { RedisClientOptions } from '@redis/client';
import {
  checkBounds,
  ClosedError,
  ConfigurationError,
  createReporter,
  SillageServerError,
  systemClock,
} from '../../core/index.ts';
import { formatEventId } from '../../events/index.ts';
import type { EventLog, EventPlace, LogBatch, LogEntry, LoggedEvent, LogTailListener } from '../../events/index.ts';
import { createBatches } from '../batches.ts';
import { Follower } from '../follower.ts';
import { readRemotePage } from '../page.ts';
import { denseIds, keyReused, rememberMs } from '../publications.ts';
import { randomEpoch } from '../random-epoch.ts';
import { openRedis } from './redis-connection.ts';
import type { RedisConnection, RedisReply } from './redis-connection.ts';
import { createRedisSource, readEvents, sizeOf } from './redis-source.ts';
import { RedisTail } from './redis-tail.ts';
import { appendOnceScript, appendScript, keysOf, pageScript, publicationKeyOf } from './scripts.ts';
import type { RedisScript } from './scripts.ts';

export interface RedisEventLogOptions {
  /** Where Redis is, such as `redis://localhost:6379`, or `rediss://` for TLS. @default the library's: redis://localhost:6379 */
  readonly url?: string;
  /**
   * More options of `createClient` of `@redis/client`. For Azure Managed Redis: `socket: { tls: true, port: 10000, host }`, and as
   * `credentialsProvider` one of `@redis/entraid`, which signs in with a managed identity and renews its token.
   */
  readonly client?: RedisClientOptions;
  /** Begins the names of the log's keys, in braces, so that a cluster keeps them together. @default 'sillage' */
  readonly prefix?: string;
  /** How many events it holds over all topics. Past it, the oldest are removed. The same on all nodes. @default 100_000 */
  readonly maxEvents?: number;
  /**
   * How many topics with removed events it remembers, so that it can tell their gaps exactly. Past it, a reader of a forgotten topic may
   * be told a gap although nothing is missing (PROTOCOL 5.4). @default 10_000
   */
  readonly maxTrimmedTopics?: number;
  /** How long an append may take, over lost connections. @default 10_000 */
  readonly timeoutMs?: number;
  /** The name of a new log's first history: 1 to 32 of `[0-9a-z]`. @default a random one */
  readonly epoch?: string;
  /** Told of lost connections, which the log replaces by itself. @default console.error */
  readonly onError?: (error: unknown) => void;
}

interface Append {
  readonly topic: string;
  readonly entry: LogEntry;
  /** When its time is over, also if it still waits for its batch. */
  readonly deadline: number;
  readonly resolve: (event: LoggedEvent) => void;
  readonly reject: (error: unknown) => void;
}

const maxBatch = 500;
const maxBatchBytes = 2 * 2 ** 20;
const retryMs = 100;

/**
 * Holds events in Redis (7 or newer), for any number of nodes. The events of a tick are one command. What Redis has acknowledged survives what
 * its persistence promises (`appendonly`, `appendfsync`): after a restart, or a failover to a replica that lost the last events, clients that
 * had them are told a gap.
 *
 * @throws ConfigurationError for a bound that is not a whole number of at least 1, or an invalid prefix.
 *
 * @example createHub({ log: createRedisEventLog({ url: 'redis://localhost:6379' }) })
 */
export function createRedisEventLog(options: RedisEventLogOptions = {}): EventLog {
  const { url, client = {}, prefix = 'sillage', maxEvents = 100_000, maxTrimmedTopics = 10_000 } = options;
  const { timeoutMs = 10_000, onError = console.error } = options;
  checkBounds({ maxEvents, maxTrimmedTopics, timeoutMs });
  if (!/^[^{}\s]{1,100}$/.test(prefix)) {
    throw new ConfigurationError(`prefix is "${prefix}". Use 1 to 100 characters without braces and spaces.`);
  }
  // Without the value: it may hold a password.
  if (url !== undefined && !(URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol))) {
    throw new ConfigurationError('url is not a valid URL of Redis. Pass one such as redis://localhost:6379.');
  }
  const keys = keysOf(prefix);
  const clock = systemClock;
  const report = createReporter(onError);
  const connectionOptions = { ...client, ...(url === undefined ? {} : { url }) };
  const tails = new Set<LogTailListener>();
  const node = randomEpoch();
  let batchNumber = 0;
  let starting: Promise<Started> | undefined;
  let isClosed = false;
  let whenIdle: (() => void) | undefined;

  const batches = createBatches<Append>({
    maxItems: maxBatch,
    maxBytes: maxBatchBytes,
    bytesOf: ({ entry }) => entry.data.length,
    run: runBatch,
    onIdle: () => whenIdle?.(),
  });

  async function runBatch(gathered: readonly Append[]): Promise<void> {
    const now = clock.monotonic();
    const batch = gathered.filter(({ deadline }) => deadline > now);
    for (const { deadline, reject } of gathered) if (deadline <= now) reject(unavailable(timeoutMs, undefined));
    if (batch.length === 0) return;
    try {
      batchNumber += 1;
      const place = await appendUntilKnown(batch);
      for (const [index, { topic, entry, resolve }] of batch.entries()) {
        const sequence = place.sequence + index;
        resolve({ ...entry, topic, sequence, id: formatEventId({ epoch: place.epoch, sequence }) });
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  /** A batch has a number, so that one whose answer was lost is stored once however often it is sent. */
  async function appendUntilKnown(batch: readonly Append[]): Promise<EventPlace> {
    const deadline = Math.min(...batch.map((append) => append.deadline));
    const [epoch, first] = (await runUntilKnown(appendScript, [node, String(batchNumber)], batch, deadline)) as [
      string,
      number,
    ];
    return { epoch, sequence: first };
  }

  /** Sends a script that appends events, again where its answer was lost: the script must recognise that. */
  async function runUntilKnown(
    script: RedisScript,
    head: readonly string[],
    events: LogBatch['events'],
    deadline: number,
    moreKeys: readonly string[] = [],
  ): Promise<RedisReply> {
    const { connection, follower } = await ready();
    const values = events.flatMap(({ topic, entry }) => [topic, entry.type, entry.data, String(entry.retry ?? '')]);
    const limits = [String(maxEvents), String(maxTrimmedTopics)];
    for (;;) {
      const { epoch, sequence } = follower.place;
      const seen = [randomEpoch(), epoch, String(sequence)];
      try {
        return await connection.run(script, [...head, ...seen, ...limits, ...values], moreKeys);
      } catch (cause) {
        if (isRefusal(cause)) throw cause;
        if (clock.monotonic() >= deadline) throw unavailable(timeoutMs, cause);
        await new Promise<void>((resolve) => clock.setTimer(resolve, retryMs));
      }
    }
  }

  async function start(): Promise<Started> {
    const [connection, blocking] = await Promise.all([
      openRedis(connectionOptions, keys, report),
      openRedis(connectionOptions, keys, report),
    ]);
    const source = createRedisSource(blocking, options.epoch);
    const { epoch, last } = await source.read({ epoch: '', sequence: 0 });
    const follower = new Follower(
      { epoch, sequence: last },
      {
        onEvents(events) {
          const logged = events.map(({ event }) => event);
          for (const listener of tails) listener.onEvents(logged);
        },
        onReset(place) {
          for (const listener of tails) listener.onReset(place);
        },
      },
    );
    const tail = new RedisTail({ connection: blocking, events: keys.events, follower, source, clock, onError: report });
    return { connection, follower, tail };
  }

  /** After a failure, the next call tries again. */
  async function ready(): Promise<Started> {
    starting ??= start();
    try {
      return await starting;
    } catch (error) {
      starting = undefined;
      throw error;
    }
  }

  function checkOpen(): void {
    if (isClosed) throw new ClosedError('log-closed', 'The event log is closed. Publish and read before close().');
  }

  return {
    async append(topic, entry) {
      checkOpen();
      const deadline = clock.monotonic() + timeoutMs;
      await ready();
      return new Promise((resolve, reject) => batches.add({ topic, entry, deadline, resolve, reject }));
    },
    async appendOnce({ events, key, fingerprint }) {
      checkOpen();
      const head = [fingerprint, String(rememberMs)];
      const deadline = clock.monotonic() + timeoutMs;
      try {
        const keyOfBatch = publicationKeyOf(prefix, key);
        const reply = await runUntilKnown(appendOnceScript, head, events, deadline, [keyOfBatch]);
        const [epoch, sequence, isRepeat] = reply as [string, number, number];
        return { ids: denseIds({ epoch, sequence }, events.length), isRepeat: isRepeat === 1 };
      } catch (error) {
        if (error instanceof ErrorReply && error.message.startsWith('REUSED ')) throw keyReused();
        throw error;
      }
    },
    async read(request) {
      checkOpen();
      const { connection } = await ready();
      const topics = [...new Set(request.topics)];
      const limits = [String(request.maxEvents + 1), String(request.maxBytes)];
      return readRemotePage(request, sizeOf, async (after, claimedEpoch = '') => {
        const values = [randomEpoch(), claimedEpoch, String(after), ...limits, ...topics];
        const reply = await connection.run(pageScript, values);
        const [epoch, first, last, through, lost, found] = reply as [string, number, number, number, number, []];
        const events = readEvents(found, epoch).map(({ event }) => event);
        return { epoch, first, last, through: through < 0 ? undefined : through, lost, events };
      });
    },
    async tail(listener) {
      checkOpen();
      const { follower, tail } = await ready();
      tails.add(listener);
      return { from: follower.place, silenceMs: () => tail.silenceMs(), stop: () => void tails.delete(listener) };
    },
    async position() {
      checkOpen();
      const { connection } = await ready();
      const { epoch, last } = await createRedisSource(connection).read({ epoch: '', sequence: 0 });
      return { epoch, sequence: last };
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      const opened = await starting?.catch(() => undefined);
      // Appends that were accepted are kept: their callers wait for them.
      if (batches.isBusy) await new Promise<void>((resolve) => (whenIdle = resolve));
      tails.clear();
      await opened?.tail.stop();
      opened?.connection.close();
    },
  };
}

interface Started {
  readonly connection: RedisConnection;
  readonly follower: Follower;
  readonly tail: RedisTail;
}

/** Redis has answered, and refuses for good: it is out of memory, say. Other refusals end by themselves, as those of a failover. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof ErrorReply && !/^(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY) /.test(error.message)
  );
}

function unavailable(timeoutMs: number, cause: unknown): SillageServerError {
  return new SillageServerError(
    'append-unconfirmed',
    `Redis has not confirmed the event within ${timeoutMs} ms. If it was stored, its streams get it: publish it again only if a duplicate does no harm.`,
    { cause },
  );
}
