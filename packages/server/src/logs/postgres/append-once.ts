import type { Pool } from 'pg';
import type { Clock } from '../../core/index.ts';
import { SillageServerError } from '../../core/index.ts';
import { formatEventId } from '../../events/index.ts';
import type { LogBatch, StoredBatch } from '../../events/index.ts';
import { repeatOf } from '../publications.ts';
import type { AppendQueue } from './append-queue.ts';
import type { PostgresQueries } from './queries.ts';

export interface AppendOnceOptions {
  readonly pool: Pool;
  readonly queries: PostgresQueries;
  readonly queue: AppendQueue;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** What `append_once` returns. */
interface Outcome {
  readonly isRepeat: boolean;
  readonly fingerprint: string;
  readonly outboxIds: readonly string[] | null;
  /** `null` until the events have numbers and the first caller has noted them. */
  readonly ids: readonly string[] | null;
}

const pollMs = 100;
/** After so many polls in vain, the history itself is searched: the first caller may have died before it noted the IDs. */
const pollsBeforeSearch = 10;

/** Appends a batch whose key, events and commit are one transaction, and waits for the events' numbers. */
export async function appendOnce(batch: LogBatch, options: AppendOnceOptions): Promise<StoredBatch> {
  const { pool, queries, queue } = options;
  let outcome: Outcome | undefined;
  const events = await queue.appendAtOnce(async () => {
    const { rows } = await pool.query<Outcome>(queries.appendOnce, [
      batch.key,
      batch.fingerprint,
      batch.events.map(({ topic }) => topic),
      batch.events.map(({ entry }) => entry.type),
      batch.events.map(({ entry }) => entry.data),
      batch.events.map(({ entry }) => entry.retry ?? null),
    ]);
    [outcome] = rows;
    return outcome?.isRepeat === false ? (outcome.outboxIds ?? []) : [];
  });
  if (outcome?.isRepeat === true) {
    const { ids, isRepeat } = repeatOf({ fingerprint: outcome.fingerprint, ids: outcome.ids ?? [] }, batch.fingerprint);
    return { ids: outcome.ids === null ? await findIds(batch.key, outcome.outboxIds ?? [], options) : ids, isRepeat };
  }
  const ids = events.map(({ id }) => id);
  await pool.query(queries.rememberIds, [batch.key, ids]);
  return { ids, isRepeat: false };
}

/** The first caller has committed the events: waits for their numbers. */
async function findIds(
  key: string,
  outboxIds: readonly string[],
  { pool, queries, clock, timeoutMs }: AppendOnceOptions,
): Promise<readonly string[]> {
  const deadline = clock.monotonic() + timeoutMs;
  for (let polls = 1; ; polls += 1) {
    const { rows: known } = await pool.query<{ ids: readonly string[] | null }>(queries.knownIds, [key]);
    const ids = known[0]?.ids ?? undefined;
    if (ids !== undefined) return ids;
    if (polls % pollsBeforeSearch === 0) {
      const { rows } = await pool.query<{ epoch: string; sequence: number }>(queries.findNumbered, [outboxIds]);
      if (rows.length === outboxIds.length) return rows.map(formatEventId);
    }
    if (clock.monotonic() >= deadline) {
      throw new SillageServerError(
        'append-unconfirmed',
        `The events are stored, and their numbers are not known after ${timeoutMs} ms. Repeat the publication with the same key.`,
      );
    }
    await new Promise<void>((resolve) => clock.setTimer(resolve, pollMs));
  }
}
