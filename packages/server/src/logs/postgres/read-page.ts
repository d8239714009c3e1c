import type { Pool } from 'pg';
import { formatEventId } from '../../events/index.ts';
import type { EventPlace, LoggedEvent, LogPage, LogReadRequest } from '../../events/index.ts';
import type { FollowSource } from '../follower.ts';
import { readRemotePage } from '../page.ts';
import type { PostgresQueries, Query } from './queries.ts';
import { checkServer } from './server-history.ts';

interface EventRow {
  /** `null` in a row that only has the state. */
  readonly sequence: number | null;
  readonly topic: string;
  readonly type: string;
  readonly data: string;
  readonly retry: number | null;
  readonly outboxId: string;
  readonly epoch: string;
  readonly first: number;
  readonly last: number;
  readonly through: number | null;
}

interface PageRow extends EventRow {
  readonly lost: number | null;
}

interface FollowRow extends EventRow {
  readonly anchor: string | null;
}

const maxFollowedEvents = 1_000;
const maxFollowedBytes = 4 * 2 ** 20;

export async function readPostgresPage(
  pool: Pool,
  queries: PostgresQueries,
  request: LogReadRequest,
): Promise<LogPage> {
  const topics = [...new Set(request.topics)];
  return readRemotePage(request, sizeOf, async (after, claimedEpoch = '') => {
    const limits = [request.maxEvents + 1, request.maxBytes];
    const { rows } = await pool.query<PageRow>(queries.readPage, [topics, after, ...limits, claimedEpoch]);
    const { lost, through, ...state } = stateOf(rows);
    return {
      ...state,
      through: through ?? undefined,
      lost: lost ?? 0,
      events: rows.flatMap((row) => eventOf(row) ?? []),
    };
  });
}

/** Reads what follows a position, on the node's connection. */
export function createFollowSource(query: Query, queries: PostgresQueries): FollowSource {
  return {
    async read({ epoch, sequence }: EventPlace) {
      const rows = await query<FollowRow>(queries.follow, [sequence, maxFollowedEvents, maxFollowedBytes, epoch]);
      const { through, anchor, ...state } = stateOf(rows);
      return {
        ...state,
        through: through ?? undefined,
        anchor: anchor ?? undefined,
        events: rows.flatMap((row) => {
          const event = eventOf(row);
          return event === undefined ? [] : { event, identity: row.outboxId };
        }),
      };
    },
    async endEpoch(epoch, next) {
      // After a failover, what the new server still has holds.
      if ((await checkServer(query, queries)) === 'same') await query(queries.beginEpoch, [epoch, next, 0]);
    },
  };
}

function stateOf<Row extends EventRow>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row !== undefined) return row;
  throw new TypeError('The state of the event log is missing: its table has no row.');
}

function eventOf({ epoch, sequence, topic, type, data, retry }: EventRow): LoggedEvent | undefined {
  if (sequence === null) return undefined;
  const event = { id: formatEventId({ epoch, sequence }), sequence, topic, type, data };
  return retry === null ? event : { ...event, retry };
}

function sizeOf({ data, type }: LoggedEvent): number {
  return Buffer.byteLength(data) + Buffer.byteLength(type);
}
