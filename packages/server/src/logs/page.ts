import { locateCursor, parseEventId } from '../events/index.ts';
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

/** What a log of another process answers to one read, which is of one moment. */
export interface RemotePage {
  readonly epoch: string;
  readonly first: number;
  readonly last: number;
  /** The last sequence of the claimed history that holds, if that history has ended. */
  readonly through: number | undefined;
  /** The last sequence that was trimmed from any of the topics; 0 if nothing was. */
  readonly lost: number;
  /** Up to one more than the page takes, which tells that there is more. */
  readonly events: readonly LoggedEvent[];
}

/** Each history of the log can change the judgement of a position once. */
const maxAttempts = 5;

/**
 * Reads a page of a log of another process with one request, after the position that the client claims. Another request is needed if the client
 * claims more than the log has: its page begins with what the log holds.
 */
export async function readRemotePage(
  request: LogReadRequest,
  sizeOf: PageSource['sizeOf'],
  readAfter: (after: number, claimedEpoch: string | undefined) => Promise<RemotePage>,
): Promise<LogPage> {
  const claimed = parseEventId(request.after);
  for (let after = claimed?.sequence ?? 0, attempt = 0; attempt < maxAttempts; attempt += 1) {
    const { epoch, first, last, through, lost, events } = await readAfter(after, claimed?.epoch);
    const source: PageSource = {
      ...{ epoch, first, last, sizeOf },
      lostThrough: () => lost,
      eventsOf: (_topics, from, limit) => events.filter(({ sequence }) => sequence > from).slice(0, limit),
      // A position of an earlier history holds if the log still had it when the next one began.
      locate(id) {
        if (claimed === undefined || through === undefined) return locateCursor(id, { epoch, sequence: last });
        return claimed.sequence <= through ? claimed.sequence : 'epoch';
      },
    };
    const page = readPage(source, request);
    // What was trimmed between "after" and the end of the gap is not missing from the events.
    if (page.gap === undefined ? after === claimed?.sequence : after <= page.gap.place.sequence) return page;
    after = page.gap?.place.sequence ?? claimed?.sequence ?? 0;
  }
  throw new Error(`The event log changed ${maxAttempts} times while a page was read. Try again.`);
}
