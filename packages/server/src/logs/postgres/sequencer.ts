import { checkServer } from './server-history.ts';
import type { PostgresQueries, Query } from './queries.ts';

/** The log's bounds, as far as they are known here. */
export interface LogBounds {
  readonly first: number;
  readonly last: number;
}

export interface SequencerOptions {
  readonly queries: PostgresQueries;
  readonly maxEvents: number;
  readonly maxTrimmedTopics: number;
  readonly monotonic: () => number;
}

/** How many events one transaction numbers. */
const maxBatch = 1_000;
/** How many events one transaction removes. */
const maxTrim = 2_000;
/** How long events may wait for a sequencer that holds the lock and does nothing (a frozen process, a network that swallows everything). */
const maxIdleMs = 1_000;

/**
 * Numbers committed events, on one node at a time: the one that holds an advisory lock. The lock ends with its connection, on which all of this
 * runs, so a node that has lost it cannot number anything.
 */
export class Sequencer {
  readonly #options: SequencerOptions;
  #isElected = false;
  #oldest: { readonly position: string; readonly sinceMs: number } | undefined;

  constructor(options: SequencerOptions) {
    this.#options = options;
  }

  get isElected(): boolean {
    return this.#isElected;
  }

  /** Its connection is gone, and the lock with it. */
  disconnected(): void {
    this.#isElected = false;
    this.#oldest = undefined;
  }

  /** Takes the lock if nobody has it. Called repeatedly. */
  async check(query: Query): Promise<void> {
    if (this.#isElected) return;
    const { queries } = this.#options;
    const [row] = await query<{ elected: boolean }>(queries.elect);
    if (row?.elected !== true) {
      await this.#watch(query);
      return;
    }
    await checkServer(query, queries);
    this.#isElected = true;
  }

  /** Numbers what has been committed. Returns how many, and whether there may be more. */
  async number(query: Query): Promise<{ readonly numbered: number; readonly isFull: boolean }> {
    const [row] = await query<{ numbered: number }>(this.#options.queries.number, [maxBatch]);
    const numbered = row?.numbered ?? 0;
    return { numbered, isFull: numbered === maxBatch };
  }

  /** Removes some of the oldest events, where there are too many, up to a sequence. */
  async trim(query: Query, { first, last }: LogBounds, limit: number): Promise<void> {
    const { queries, maxEvents, maxTrimmedTopics } = this.#options;
    // Not at each batch: a transaction costs more than the rows that it removes.
    const slack = Math.min(Math.floor(maxEvents / 100), maxTrim / 2);
    if (last - first + 1 <= maxEvents + slack) return;
    const through = Math.min(last - maxEvents, first - 1 + maxTrim, limit);
    if (through >= first) await query(queries.trim, [through, maxTrimmedTopics]);
  }

  async #watch(query: Query): Promise<void> {
    const { queries, monotonic } = this.#options;
    const [row] = await query<{ position: string | null }>(queries.oldestWaiting);
    const position = row?.position ?? undefined;
    if (position === undefined || position !== this.#oldest?.position) {
      this.#oldest = position === undefined ? undefined : { position, sinceMs: monotonic() };
    } else if (monotonic() - this.#oldest.sinceMs >= maxIdleMs) {
      this.#oldest = undefined;
      await query(queries.depose);
    }
  }
}
