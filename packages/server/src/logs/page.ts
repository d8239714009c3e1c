import { locateCursor } from '../events/index.ts';
import type { EventPlace, GapReason, LoggedEvent, LogPage, LogReadRequest } from '../events/index.ts';

/** What a log must know to answer a read. The rules of pages and gaps are the same for all logs, and stand here. */
export interface PageSource {
  readonly epoch: string;
  /** The sequence of the oldest event that the log holds; `last + 1` if it holds none. */
  readonly first: number;
  readonly last: number;
  /** The last sequence that was trimmed from any of the topics; 0 if nothing was. */
  lostThrough(topics: readonly string[]): number;
  /** At most `limit` events of the topics after the sequence, oldest first. Read lazily: a page may end earlier. */
  eventsOf(topics: readonly string[], after: number, limit: number): Iterable<LoggedEvent>;
  /** What an event costs of {@link LogReadRequest.maxBytes}. */
  sizeOf(event: LoggedEvent): number;
  /** Judges the client's ID. @default {@link locateCursor} */
  locate?(after: string): number | Exclude<GapReason, 'trimmed'>;
}

/** Reads one page, and tells a gap where something between the client's position and the page is lost (PROTOCOL 5.3, 5.4). */
export function readPage(source: PageSource, request: LogReadRequest): LogPage {
  const { epoch, first, last } = source;
  const topics = [...new Set(request.topics)];
  const cursor = source.locate?.(request.after) ?? locateCursor(request.after, { epoch, sequence: last });
  const gap = typeof cursor === 'number' ? lostAfter(source, cursor, topics) : cursor;
  const from = gap === undefined && typeof cursor === 'number' ? cursor : first - 1;
  const { events, isCut } = collect(source, topics, from, request);
  const place: EventPlace = { epoch, sequence: isCut ? (events.at(-1)?.sequence ?? last) : last };
  if (gap === undefined) return { events, place };
  return { events, place, gap: { reason: gap, place: { epoch, sequence: first - 1 } } };
}

function lostAfter(source: PageSource, cursor: number, topics: readonly string[]): 'trimmed' | undefined {
  return source.lostThrough(topics) > cursor ? 'trimmed' : undefined;
}

function collect(
  source: PageSource,
  topics: readonly string[],
  after: number,
  { maxEvents, maxBytes }: LogReadRequest,
): { events: LoggedEvent[]; isCut: boolean } {
  const events: LoggedEvent[] = [];
  let bytes = 0;
  // One more than the page takes, so that it is known whether there is more.
  for (const event of source.eventsOf(topics, after, maxEvents + 1)) {
    if (events.length >= maxEvents) return { events, isCut: true };
    bytes += source.sizeOf(event);
    if (events.length > 0 && bytes > maxBytes) return { events, isCut: true };
    events.push(event);
  }
  return { events, isCut: false };
}

/** Merges the sequences of several topics, each at most `limit` of one, into the first `limit` of all. */
export function mergeSequences(
  topics: readonly string[],
  limit: number,
  sequencesOf: (topic: string) => readonly number[],
): readonly number[] {
  const [only] = topics;
  if (only !== undefined && topics.length === 1) return sequencesOf(only);
  return topics
    .flatMap(sequencesOf)
    .sort((left, right) => left - right)
    .slice(0, limit);
}
