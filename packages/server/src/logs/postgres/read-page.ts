import type { Pool } from 'pg';
import { formatEventId, locateCursor, parseEventId } from '../../events/index.ts';
import type { LoggedEvent, LogPage, LogReadRequest } from '../../events/index.ts';
import { readPage } from '../page.ts';
import type { PageSource } from '../page.ts';
import type { PostgresQueries } from './queries.ts';

/** Each history of the log can change the judgement of a position once. */
const maxAttempts = 5;

export interface EventRow {
  readonly sequence: number | null;
  readonly topic: string;
  readonly type: string;
  readonly data: string;
  readonly retry: number | null;
  readonly outboxId: string;
}

interface PageRow extends EventRow {
  readonly epoch: string;
  readonly first: number;
  readonly last: number;
  /** The last sequence of the history that the request names, if that history has ended. */
  readonly through: number | null;
  readonly lost: number | null;
}

/** The events of rows; a row without an event only has the state. */
export function eventsOf(rows: readonly EventRow[], epoch: string): LoggedEvent[] {
  const events: LoggedEvent[] = [];
  for (const { sequence, topic, type, data, retry } of rows) {
    if (sequence === null) continue;
    const event = { id: formatEventId({ epoch, sequence }), sequence, topic, type, data };
    events.push(retry === null ? event : { ...event, retry });
  }
  return events;
}

/**
 * Reads a page with one statement, after the position that the client claims. Another statement is needed if the client claims more than the log
 * has: its page begins with what the log holds.
 */
export async function readPostgresPage(
  pool: Pool,
  queries: PostgresQueries,
  request: LogReadRequest,
): Promise<LogPage> {
  const topics = [...new Set(request.topics)];
  const claimed = parseEventId(request.after);
  const limits = [request.maxEvents + 1, request.maxBytes, claimed?.epoch ?? ''];
  for (let after = claimed?.sequence ?? 0, attempt = 0; attempt < maxAttempts; attempt += 1) {
    const { rows } = await pool.query<PageRow>(queries.readPage, [topics, after, ...limits]);
    const page = readPage(toSource(rows, claimed), request);
    // What was trimmed between "after" and the end of the gap is not missing from the rows.
    if (page.gap === undefined ? after === claimed?.sequence : after <= page.gap.place.sequence) return page;
    after = page.gap?.place.sequence ?? claimed?.sequence ?? 0;
  }
  throw new Error(`The event log changed ${maxAttempts} times while a page was read. Try again.`);
}

function toSource(rows: readonly PageRow[], claimed: ReturnType<typeof parseEventId>): PageSource {
  const [state] = rows;
  if (state === undefined) throw new TypeError('The state of the event log is missing: its table has no row.');
  const { epoch, first, last, through, lost } = state;
  const events = eventsOf(rows, epoch);
  return {
    epoch,
    first,
    last,
    lostThrough: () => lost ?? 0,
    *eventsOf(_topics, after, limit) {
      let count = 0;
      for (const event of events) {
        if (event.sequence <= after) continue;
        if (count === limit) return;
        count += 1;
        yield event;
      }
    },
    sizeOf: ({ data, type }) => Buffer.byteLength(data) + Buffer.byteLength(type),
    // A position of an earlier history holds if the log still had it when the next one began.
    locate(after) {
      if (claimed === undefined || through === null) return locateCursor(after, { epoch, sequence: last });
      return claimed.sequence <= through ? claimed.sequence : 'epoch';
    },
  };
}
