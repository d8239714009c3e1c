import { checkTopic, draftEvent } from '../events/index.ts';
import type { EventLog, EventPlace, LoggedEvent, LogTail, OutgoingEvent, StoredBatch } from '../events/index.ts';
import { checkBounds, ClosedError, ConfigurationError, createPacer, scheduleTask, systemClock } from '../core/index.ts';
import type { Clock } from '../core/index.ts';
import { draftBatch } from './batch.ts';
import { createFanOut } from './fan-out.ts';
import type { HubObserver } from './hub-observer.ts';
import { createReplay } from './replay.ts';
import { createSignals } from './signals.ts';
import type { Signals } from './signals.ts';
import { Subscription } from './subscription.ts';
import type { SubscribeOptions, SubscriptionHost } from './subscription.ts';

export interface HubOptions<Transaction = never> {
  /** The history behind the hub. The caller closes it, after {@link Hub.close}. */
  readonly log: EventLog<Transaction>;
  /** The largest data of one event, in UTF-8 bytes. @default 1 MiB */
  readonly maxEventBytes?: number;
  /** How many of the last events stay in memory, for sessions that are nearly up to date. @default 1024 */
  readonly maxRecentEvents?: number;
  /** About how many bytes they may have. @default 4 MiB */
  readonly maxRecentBytes?: number;
  /** Hears of the hub's work, for metrics. */
  readonly observer?: HubObserver;
  /** Measures durations for the observer. @default the system's */
  readonly clock?: Pick<Clock, 'monotonic'>;
  /** Runs a task at the end of this tick. @default setImmediate, or a timer of 0 if there is none */
  readonly schedule?: (task: () => void) => void;
}

/** How an event is published. */
export interface PublishOptions<Transaction> {
  /** The client of an open transaction, of which the event becomes a part (`@sillage/server/postgres`). */
  readonly client: Transaction;
}

/** An event and where it goes. */
export type TopicEvent = OutgoingEvent & { readonly topic: string };

export interface Hub<Transaction = never> {
  /**
   * Appends an event to a topic and resolves with its ID once the log has stored it. Sessions get it afterwards.
   *
   * @throws EventRefusedError (as a rejection, and nothing is stored) for a reserved type, an invalid topic or type, data that JSON
   *   cannot hold, or too much data.
   * @throws ClosedError after {@link close}.
   */
  publish(topic: string, event: OutgoingEvent): Promise<string>;
  /**
   * Makes an event a part of an open transaction of the application: it is delivered if and only if the transaction commits, and in the order
   * of the commits. Resolves once it is written there. It has no ID yet.
   */
  publish(topic: string, event: OutgoingEvent, options: PublishOptions<Transaction>): Promise<undefined>;
  /**
   * Publishes events together or not at all, and once for each key, on whichever node and however often it is called: for a job that is repeated after
   * a crash, or a caller whose connection breaks. Keys are remembered for 24 hours.
   *
   * @param key 1 to 200 printable ASCII characters, which name this publication.
   * @returns the events' IDs in their order; for a repeat, those of the first time.
   * @throws EventRefusedError (as a rejection, and nothing is stored) as {@link publish}; `invalid-key`; `key-reused` for other events with a key
   *   that was used before.
   * @throws ConfigurationError (as a rejection) if the log cannot do it.
   */
  publishOnce(key: string, events: readonly TopicEvent[]): Promise<StoredBatch>;
  /** Resolves once the hub follows its log. After a failure, the next call tries again. */
  ready(): Promise<void>;
  /** Writes the topics' events to a sink until its signal aborts. Needs {@link ready}. */
  subscribe(options: SubscribeOptions): void;
  /** The position of the last event that the log has delivered. */
  readonly position: EventPlace;
  /** How many sinks are up to date with the log. */
  readonly liveCount: number;
  /** Messages between the nodes that share the log. */
  readonly signals: Signals;
  /** For how long, in ms, this node has not heard from its log: 0 where that is in this process, and before {@link ready}. */
  readonly silenceMs: number;
  /** Stops following the log. The endpoint ends its sessions itself. */
  close(): Promise<void>;
}

const maxPageEvents = 256;
const maxPageBytes = 256 * 2 ** 10;
/** What sessions that replay may do in one turn of the event loop: a few milliseconds of it. */
const maxStepsPerTurn = 64;
const maxBytesPerTurn = 2 * 2 ** 20;
/** Pages that are kept for other sessions, while anybody replays. */
const maxCachedBytes = 16 * 2 ** 20;

/**
 * Creates a hub, where events are published and subscribed to.
 *
 * @example
 * const hub = createHub({ log: createMemoryEventLog() });
 * await hub.publish('orders/42', { type: 'shipped', data: { carrier: 'La Poste' } });
 */
export function createHub<Transaction = never>(options: HubOptions<Transaction>): Hub<Transaction> {
  const { log, maxEventBytes = 2 ** 20, maxRecentEvents = 1024, maxRecentBytes = 4 * 2 ** 20 } = options;
  const { schedule = scheduleTask, observer = {}, clock = systemClock } = options;
  checkBounds({ maxEventBytes, maxRecentEvents, maxRecentBytes });
  const fanOut = createFanOut({ schedule, maxRecentEvents, maxRecentBytes, maxBatchBytes: maxPageBytes, observer });
  const replay = createReplay({
    log,
    fanOut,
    schedule,
    maxPageEvents,
    maxPageBytes,
    maxCachedBytes,
  });
  const pacer = createPacer({ schedule, maxStepsPerTurn, maxBytesPerTurn });
  const host: SubscriptionHost = { fanOut, replay, pacer, observer, replaying: 0, reached: undefined };
  const signals = createSignals(log);
  let tailing: Promise<LogTail> | undefined;
  let tail: LogTail | undefined;
  let isClosed = false;

  async function follow(): Promise<LogTail> {
    // A log may deliver before tail() has resolved: those events wait for the position that they follow.
    const early = { isOver: false, batches: [] as (readonly LoggedEvent[])[] };
    const begin = (place: EventPlace): void => {
      early.isOver = true;
      fanOut.start(place);
    };
    const accept = (events: readonly LoggedEvent[]): void => {
      fanOut.accept(events);
      signals.accept(events);
    };
    tail = await log.tail({
      onEvents: (events) => (early.isOver ? accept(events) : void early.batches.push(events)),
      onReset(place) {
        const { position } = fanOut;
        const hasBegun = early.isOver;
        begin(place);
        if (hasBegun) void signals.catchUp(position, place);
      },
    });
    if (!early.isOver) {
      begin(tail.from);
      for (const events of early.batches) accept(events);
    }
    return tail;
  }

  async function ready(): Promise<void> {
    checkOpen();
    tailing ??= follow();
    try {
      await tailing;
    } catch (error) {
      // The next session tries again: the log may be back by then.
      tailing = undefined;
      throw error;
    }
  }

  function checkOpen(): void {
    if (isClosed) throw new ClosedError('hub-closed', 'The hub is closed. Publish and subscribe before close().');
  }

  function publish(topic: string, event: OutgoingEvent): Promise<string>;
  function publish(topic: string, event: OutgoingEvent, options: PublishOptions<Transaction>): Promise<undefined>;
  async function publish(
    topic: string,
    event: OutgoingEvent,
    transaction?: PublishOptions<Transaction>,
  ): Promise<string | undefined> {
    checkOpen();
    const entry = draftEvent(event, maxEventBytes);
    checkTopic(topic);
    if (transaction === undefined) {
      const startedAt = clock.monotonic();
      const { id, sequence } = await log.append(topic, entry);
      observer.published?.(clock.monotonic() - startedAt);
      if (observer.written !== undefined && tail !== undefined) {
        // The fan-out has scheduled its writes earlier, so that they are done by then.
        const measure = (): void => schedule(() => observer.written?.(clock.monotonic() - startedAt));
        if (fanOut.position.sequence >= sequence) measure();
        else fanOut.whenReached(sequence, measure);
      }
      return id;
    }
    if (log.appendIn === undefined) {
      throw new ConfigurationError(
        'This event log cannot publish in a transaction. Use createPostgresEventLog, or publish without a client after the commit.',
      );
    }
    await log.appendIn(transaction.client, topic, entry);
    return undefined;
  }

  async function publishOnce(key: string, events: readonly TopicEvent[]): Promise<StoredBatch> {
    checkOpen();
    const batch = await draftBatch(key, events, maxEventBytes);
    if (log.appendOnce === undefined) {
      throw new ConfigurationError(
        'This event log has no appendOnce(). Use one of this package, or publish() events one by one.',
      );
    }
    const startedAt = clock.monotonic();
    const stored = await log.appendOnce(batch);
    if (!stored.isRepeat) for (const _ of stored.ids) observer.published?.(clock.monotonic() - startedAt);
    return stored;
  }

  return {
    publish,
    publishOnce,
    ready,
    subscribe(subscription) {
      checkOpen();
      for (const topic of subscription.topics) checkTopic(topic);
      new Subscription(host, subscription);
    },
    get position() {
      return fanOut.position;
    },
    get liveCount() {
      return fanOut.memberCount;
    },
    signals: {
      async send(kind, data) {
        checkOpen();
        await signals.send(kind, data);
      },
      listen: (kind, listener) => signals.listen(kind, listener),
    },
    get silenceMs() {
      return tail?.silenceMs?.() ?? 0;
    },
    async close() {
      isClosed = true;
      await tailing?.catch(() => undefined);
      tail?.stop();
    },
  };
}
