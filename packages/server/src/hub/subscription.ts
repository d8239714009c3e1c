import { encodeEvent, formatEventId, parseEventId } from '../events/index.ts';
import type { EventLog, LogEntry, LogPage } from '../events/index.ts';
import { createEventSender } from './event-sender.ts';
import type { EventSender, SubscriptionSink, SubscriptionSnapshot } from './event-sender.ts';
import type { FanOut } from './fan-out.ts';
import { createRecentEvent } from './recent-events.ts';
import type { RecentEvent } from './recent-events.ts';

export interface SubscribeOptions {
  readonly topics: readonly string[];
  /** The ID that the client saw last. Left out, the subscription starts at the present (PROTOCOL 2.3). */
  readonly lastEventId?: string | undefined;
  readonly sink: SubscriptionSink;
  /** Taken at the start of a subscription without an ID, after a gap, and where the end may be past (PROTOCOL 5.5). */
  readonly snapshot?: (() => Promise<SubscriptionSnapshot>) | undefined;
  /** Whether an event, or the snapshot, is the last one. Must not throw. */
  readonly completeAfter?: ((event: LogEntry) => boolean) | undefined;
}

export interface SubscriptionContext {
  readonly log: EventLog;
  readonly fanOut: FanOut;
  readonly pageEvents: number;
  readonly pageBytes: number;
}

interface Wanted extends SubscribeOptions {
  readonly topicSet: ReadonlySet<string>;
  readonly sender: EventSender;
}

interface Progress {
  /** The ID up to which the sink has everything. */
  after: string;
  /** Whether nothing was written yet, so that a gap can be told. */
  isFirst: boolean;
  /** Whether there is no event after the present. */
  isOver: boolean;
}

/**
 * Brings a sink to the present and keeps it there (PROTOCOL 5.1). It reads pages from the log at the pace of the sink, then
 * the last stretch from memory, and joins the live sessions in the same turn of the event loop in which nothing is left
 * to read: no event can come between, and nothing is queued for the sink meanwhile.
 */
export function startSubscription(context: SubscriptionContext, options: SubscribeOptions): void {
  const { lastEventId, sink, snapshot, completeAfter } = options;
  if (sink.signal.aborted) return;
  const wanted = {
    ...options,
    topics: [...options.topics],
    topicSet: new Set(options.topics),
    sender: createEventSender(sink, completeAfter),
  };
  const progress = { after: lastEventId ?? formatEventId(context.fanOut.position), isFirst: true, isOver: false };
  if (lastEventId === undefined && snapshot === undefined) {
    // A block with an ID and no data, so that a client has a place before its first event (PROTOCOL 4.3).
    sink.write(encodeEvent({ id: progress.after }));
  }
  follow(wanted, snapshot === undefined ? catchUp(context, wanted, progress) : open(context, wanted, progress));
}

function follow({ sink }: Wanted, work: Promise<void>): void {
  work.catch((error: unknown) => {
    sink.end('failed', error);
  });
}

/** Begins with the snapshot, or finds out from it whether the client, which resumes, has seen the last event already. */
async function open(context: SubscriptionContext, wanted: Wanted, progress: Progress): Promise<void> {
  const { lastEventId, snapshot, completeAfter, sink } = wanted;
  if (lastEventId === undefined) {
    if (!(await writeSnapshot(wanted, progress))) return;
  } else if (snapshot !== undefined && completeAfter !== undefined) {
    const { after, event } = await snapshot();
    progress.isOver = completeAfter(event);
    // The last event is at or before that place, so that what was caught up with up to there has it.
    if (progress.isOver) await reached(context.fanOut, parseEventId(after)?.sequence ?? 0, sink.signal);
  }
  await catchUp(context, wanted, progress);
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
      if (!(await writePage(context, wanted, progress, page))) return;
    }
    await sink.drained();
  }
}

/** Writes what memory holds, or a page of it; answers whether nothing is left to do. Synchronous, and has to stay so. */
function crossLastStretch(context: SubscriptionContext, wanted: Wanted, progress: Progress, from: number): boolean {
  const { fanOut, pageBytes } = context;
  const { sink, sender, topicSet } = wanted;
  const stretch: RecentEvent[] = [];
  let bytes = 0;
  for (const recent of fanOut.recentAfter(from)) {
    if (!topicSet.has(recent.event.topic)) continue;
    const { byteLength } = recent.bytes();
    if (stretch.length > 0 && bytes + byteLength > pageBytes) return !sender.send(stretch);
    stretch.push(recent);
    bytes += byteLength;
    progress.after = recent.event.id;
    progress.isFirst = false;
  }
  if (!sender.send(stretch) || sink.signal.aborted) return true;
  if (progress.isOver) sender.complete();
  else joinLive(context, wanted);
  return true;
}

function joinLive(context: SubscriptionContext, wanted: Wanted): void {
  const { fanOut } = context;
  const { sink, sender, topics } = wanted;
  // The epoch of now, not of when the member falls behind: a gap must be told across a change.
  const { epoch } = fanOut.position;
  const leave = fanOut.join(topics, {
    deliver: (bytes, events) => void sender.send(events, bytes),
    fallBehind(sequence) {
      sink.signal.removeEventListener('abort', leave);
      const after = formatEventId({ epoch, sequence });
      // In a later turn: the fan-out is in the middle of its own.
      queueMicrotask(() => follow(wanted, catchUp(context, wanted, { after, isFirst: false, isOver: false })));
    },
  });
  sink.signal.addEventListener('abort', leave, { once: true });
}

async function readPage(context: SubscriptionContext, wanted: Wanted, progress: Progress): Promise<LogPage> {
  const { log, pageEvents, pageBytes } = context;
  return log.read({ after: progress.after, topics: wanted.topics, maxEvents: pageEvents, maxBytes: pageBytes });
}

/** Answers whether to go on. */
async function writePage(
  context: SubscriptionContext,
  wanted: Wanted,
  progress: Progress,
  page: LogPage,
): Promise<boolean> {
  const { sink, sender, snapshot } = wanted;
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
  if (gap !== undefined) {
    const data = JSON.stringify({ reason: gap.reason, after: progress.after });
    sink.write(encodeEvent({ id: formatEventId(gap.place), type: 'gap', data }));
    if (snapshot !== undefined) return writeSnapshot(wanted, progress);
  }
  progress.after = formatEventId(place);
  progress.isFirst = false;
  return sender.send(events.map(createRecentEvent));
}

/** Answers whether to go on. */
async function writeSnapshot({ sink, sender, snapshot }: Wanted, progress: Progress): Promise<boolean> {
  const taken = await snapshot?.();
  if (taken === undefined || sink.signal.aborted) return false;
  progress.after = taken.after;
  progress.isFirst = false;
  return sender.sendSnapshot(taken);
}

function reached(fanOut: FanOut, sequence: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (fanOut.position.sequence >= sequence) {
      resolve();
      return;
    }
    const finish = (): void => {
      cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = fanOut.whenReached(sequence, finish);
    signal.addEventListener('abort', finish, { once: true });
  });
}
