import { formatEventId, parseEventId } from './event-id.ts';
import { encodeEvent, joinBlocks } from './event-encoder.ts';
import type { EventLog, LoggedEvent, LogPage } from './event-log.ts';
import type { FanOut } from './fan-out.ts';

/** Where a subscription writes to. A session is one. */
export interface SubscriptionSink {
  /** Aborts when the sink takes no more. */
  readonly signal: AbortSignal;
  /** Takes whole events. Must not throw. */
  write(bytes: Uint8Array): void;
  /** Resolves once there is room for another page, or the sink has ended. Never rejects. */
  drained(): Promise<void>;
  /** The subscription cannot go on: the client has to come back with its last ID. */
  end(reason: 'slow-consumer' | 'failed', cause?: unknown): void;
}

export interface SubscribeOptions {
  readonly topics: readonly string[];
  /** The ID that the client saw last. Left out, the subscription starts at the present (PROTOCOL 2.3). */
  readonly lastEventId?: string | undefined;
  readonly sink: SubscriptionSink;
}

export interface SubscriptionContext {
  readonly log: EventLog;
  readonly fanOut: FanOut;
  readonly pageEvents: number;
  readonly pageBytes: number;
}

/**
 * Brings a sink to the present and keeps it there (PROTOCOL 5.1). It reads pages from the log at the pace of the sink, then
 * the last stretch from memory, and joins the live sessions in the same turn of the event loop in which nothing is left
 * to read: no event can come between, and nothing is queued for the sink meanwhile.
 */
export function startSubscription(context: SubscriptionContext, options: SubscribeOptions): void {
  const { fanOut } = context;
  const { lastEventId, sink, topics } = options;
  if (sink.signal.aborted) return;
  let after = lastEventId;
  if (after === undefined) {
    after = formatEventId(fanOut.position);
    // A block with an ID and no data, so that a client has a place before its first event (PROTOCOL 4.3).
    sink.write(encodeEvent({ id: after }));
  }
  const wanted = { topics: [...topics], topicSet: new Set(topics), sink };
  follow(context, wanted, { after, isFirst: true });
}

interface Wanted {
  readonly topics: readonly string[];
  readonly topicSet: ReadonlySet<string>;
  readonly sink: SubscriptionSink;
}

interface Progress {
  /** The ID up to which the sink has everything. */
  after: string;
  /** Whether nothing was written yet, so that a gap can be told. */
  isFirst: boolean;
}

function follow(context: SubscriptionContext, wanted: Wanted, progress: Progress): void {
  catchUp(context, wanted, progress).catch((error: unknown) => {
    wanted.sink.end('failed', error);
  });
}

async function catchUp(context: SubscriptionContext, wanted: Wanted, progress: Progress): Promise<void> {
  const { fanOut } = context;
  const { sink } = wanted;
  while (!sink.signal.aborted) {
    const place = parseEventId(progress.after);
    const isOfThisHistory = place?.epoch === fanOut.position.epoch;
    if (isOfThisHistory && fanOut.covers(place.sequence)) {
      if (crossLastStretch(context, wanted, progress, place.sequence)) return;
    } else if (isOfThisHistory && place.sequence > fanOut.position.sequence && !progress.isFirst) {
      // This node's tail is behind the log.
      await reached(fanOut, place.sequence, sink.signal);
    } else {
      const page = await readPage(context, wanted, progress);
      if (!writePage(context, wanted, progress, page)) return;
    }
    await sink.drained();
  }
}

/** Writes what memory holds, or a page of it; answers whether the sink is live. Synchronous, and has to stay so. */
function crossLastStretch(context: SubscriptionContext, wanted: Wanted, progress: Progress, from: number): boolean {
  const { fanOut, pageBytes } = context;
  const { sink, topicSet } = wanted;
  const blocks: Uint8Array[] = [];
  let bytes = 0;
  for (const recent of fanOut.recentAfter(from)) {
    if (!topicSet.has(recent.event.topic)) continue;
    const block = recent.bytes();
    if (blocks.length > 0 && bytes + block.byteLength > pageBytes) {
      sink.write(joinBlocks(blocks));
      return false;
    }
    blocks.push(block);
    bytes += block.byteLength;
    progress.after = recent.event.id;
    progress.isFirst = false;
  }
  if (blocks.length > 0) sink.write(joinBlocks(blocks));
  if (!sink.signal.aborted) joinLive(context, wanted);
  return true;
}

function joinLive(context: SubscriptionContext, wanted: Wanted): void {
  const { fanOut } = context;
  const { sink, topics } = wanted;
  // The epoch of now, not of when the member falls behind: a gap must be told across a change.
  const { epoch } = fanOut.position;
  const leave = fanOut.join(topics, {
    deliver: (bytes) => sink.write(bytes),
    fallBehind(sequence) {
      sink.signal.removeEventListener('abort', leave);
      const after = formatEventId({ epoch, sequence });
      // In a later turn: the fan-out is in the middle of its own.
      queueMicrotask(() => follow(context, wanted, { after, isFirst: false }));
    },
  });
  sink.signal.addEventListener('abort', leave, { once: true });
}

async function readPage(context: SubscriptionContext, wanted: Wanted, progress: Progress): Promise<LogPage> {
  const { log, pageEvents, pageBytes } = context;
  return log.read({ after: progress.after, topics: wanted.topics, maxEvents: pageEvents, maxBytes: pageBytes });
}

/** Answers whether to go on. */
function writePage(context: SubscriptionContext, wanted: Wanted, progress: Progress, page: LogPage): boolean {
  const { sink } = wanted;
  const { gap, events, place } = page;
  if (sink.signal.aborted) return false;
  if (gap !== undefined && !progress.isFirst) {
    // A gap is the first event of a connection (PROTOCOL 5.3): the client comes back and is told there.
    sink.end(gap.reason === 'trimmed' ? 'slow-consumer' : 'failed');
    return false;
  }
  if (place.epoch !== context.fanOut.position.epoch) {
    sink.end('failed', new Error(`The log is at epoch ${place.epoch}, and its tail has not said so yet.`));
    return false;
  }
  const blocks = events.map((event: LoggedEvent) => encodeEvent(event));
  if (gap !== undefined) {
    const data = JSON.stringify({ reason: gap.reason, after: progress.after });
    blocks.unshift(encodeEvent({ id: formatEventId(gap.place), type: 'gap', data }));
  }
  if (blocks.length > 0) sink.write(joinBlocks(blocks));
  progress.after = formatEventId(place);
  progress.isFirst = false;
  return true;
}

function reached(fanOut: FanOut, sequence: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = fanOut.whenReached(sequence, finish);
    signal.addEventListener('abort', finish, { once: true });
  });
}
