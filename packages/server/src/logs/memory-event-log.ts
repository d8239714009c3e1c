import { checkBounds, ClosedError, ConfigurationError, systemClock } from '../core/index.ts';
import type { Clock } from '../core/index.ts';
import { formatEventId, isEpoch } from '../events/index.ts';
import type { EventLog, LogEntry, LoggedEvent, LogTailListener } from '../events/index.ts';
import { mergeSequences, readPage } from './page.ts';
import { rememberMs, repeatOf } from './publications.ts';
import type { Publication } from './publications.ts';
import { randomEpoch } from './random-epoch.ts';
import { createTopicHistory } from './topic-history.ts';
import type { TopicHistory } from './topic-history.ts';

export interface MemoryEventLogOptions {
  /** How many events it holds over all topics. Past it, the oldest are removed. @default 10_000 */
  readonly maxEvents?: number;
  /** About how much memory they may take, at two bytes per character. Past it, the oldest are removed. @default 64 MiB */
  readonly maxBytes?: number;
  /**
   * How many topics without events it remembers, so that it can tell their gaps exactly. Past it, a reader of a forgotten topic may be
   * told a gap although nothing is missing (PROTOCOL 5.4). @default 10_000
   */
  readonly maxTrimmedTopics?: number;
  /** The name of this history: 1 to 32 of `[0-9a-z]`, for tests. @default a random one, because the history is lost with the process */
  readonly epoch?: string;
  /** Measures how long keys of batches are remembered. @default the system's */
  readonly clock?: Pick<Clock, 'monotonic'>;
}

/** How many keys of batches it remembers. */
const maxPublications = 100_000;
/** The memory of an event besides its text: the object, and its entries in two arrays. */
const eventOverheadBytes = 200;

/**
 * Holds the recent events of one process. Appending and trimming are O(1), and a reader of a topic with few events does not walk over
 * those of a busy one.
 *
 * @throws ConfigurationError for a limit that is not a whole number of at least 1, or an epoch out of `[0-9a-z]{1,32}`.
 */
export function createMemoryEventLog(options: MemoryEventLogOptions = {}): EventLog {
  const { maxEvents = 10_000, maxBytes = 64 * 2 ** 20, maxTrimmedTopics = 10_000, epoch = randomEpoch() } = options;
  const { clock = systemClock } = options;
  checkBounds({ maxEvents, maxBytes, maxTrimmedTopics });
  if (!isEpoch(epoch)) throw new ConfigurationError(`epoch is "${epoch}". Use 1 to 32 characters of 0-9 and a-z.`);

  // Sequences are dense, so an event's index in the ring is a remainder.
  const ring: (LoggedEvent | undefined)[] = [];
  let first = 1;
  let last = 0;
  let heldBytes = 0;
  const topics = new Map<string, TopicHistory>();
  /** Those of `topics` that have no event, the longest-empty first. */
  const emptied = new Set<string>();
  /** No forgotten topic has lost anything after this sequence. */
  let forgottenThrough = 0;
  const tails = new Set<LogTailListener>();
  /** By key, the oldest first. */
  const publications = new Map<string, Publication & { readonly atMs: number }>();
  let isClosed = false;

  function trimOldest(): void {
    const index = (first - 1) % maxEvents;
    const event = ring[index];
    ring[index] = undefined;
    first += 1;
    if (event === undefined) return;
    heldBytes -= sizeOf(event);
    const history = topics.get(event.topic);
    history?.shift();
    if (history?.size === 0) forgetBeyondBound(event.topic);
  }

  function forgetBeyondBound(emptiedTopic: string): void {
    emptied.add(emptiedTopic);
    if (emptied.size <= maxTrimmedTopics) return;
    for (const topic of emptied) {
      forgottenThrough = Math.max(forgottenThrough, topics.get(topic)?.trimmedThrough ?? 0);
      topics.delete(topic);
      emptied.delete(topic);
      return;
    }
  }

  function store(event: LoggedEvent): void {
    // Before the write: the ring is full when the oldest event has the index of the new one.
    if (last - first + 1 >= maxEvents) trimOldest();
    last = event.sequence;
    ring[(last - 1) % maxEvents] = event;
    heldBytes += sizeOf(event);
    let history = topics.get(event.topic);
    if (history === undefined) topics.set(event.topic, (history = createTopicHistory(forgottenThrough)));
    emptied.delete(event.topic);
    history.push(last);
    // The newest event stays even if it alone is past the limit: its publisher is told that the log has it.
    while (heldBytes > maxBytes && first < last) trimOldest();
  }

  function write(topic: string, entry: LogEntry): LoggedEvent {
    const sequence = last + 1;
    const event: LoggedEvent = { ...entry, topic, sequence, id: formatEventId({ epoch, sequence }) };
    store(event);
    return event;
  }

  function forgetPublications(): void {
    const oldestMs = clock.monotonic() - rememberMs;
    for (const [key, { atMs }] of publications) {
      if (atMs > oldestMs && publications.size < maxPublications) return;
      publications.delete(key);
    }
  }

  function lostThrough(names: readonly string[]): number {
    return Math.max(0, ...names.map((topic) => topics.get(topic)?.trimmedThrough ?? forgottenThrough));
  }

  function* eventsOf(names: readonly string[], after: number, limit: number): Generator<LoggedEvent> {
    for (const sequence of mergeSequences(names, limit, (topic) => topics.get(topic)?.after(after, limit) ?? [])) {
      const event = ring[(sequence - 1) % maxEvents];
      if (event !== undefined) yield event;
    }
  }

  function checkOpen(): void {
    if (isClosed) throw new ClosedError('log-closed', 'The event log is closed. Publish and read before close().');
  }

  return {
    async append(topic, entry) {
      await Promise.resolve();
      checkOpen();
      const event = write(topic, entry);
      for (const listener of tails) listener.onEvents([event]);
      return event;
    },
    async appendOnce({ events: wanted, key, fingerprint }) {
      await Promise.resolve();
      checkOpen();
      forgetPublications();
      const known = publications.get(key);
      if (known !== undefined) return repeatOf(known, fingerprint);
      const events = wanted.map(({ topic, entry }) => write(topic, entry));
      const ids = events.map(({ id }) => id);
      publications.set(key, { fingerprint, ids, atMs: clock.monotonic() });
      for (const listener of tails) listener.onEvents(events);
      return { ids, isRepeat: false };
    },
    async read(request) {
      await Promise.resolve();
      checkOpen();
      return readPage(
        {
          epoch,
          first,
          last,
          lostThrough,
          eventsOf,
          sizeOf,
        },
        request,
      );
    },
    async tail(listener) {
      await Promise.resolve();
      checkOpen();
      tails.add(listener);
      return { from: { epoch, sequence: last }, stop: () => void tails.delete(listener) };
    },
    async position() {
      await Promise.resolve();
      checkOpen();
      return { epoch, sequence: last };
    },
    async close() {
      await Promise.resolve();
      isClosed = true;
      tails.clear();
    },
  };
}

function sizeOf(event: LoggedEvent): number {
  return eventOverheadBytes + 2 * (event.data.length + event.type.length);
}
