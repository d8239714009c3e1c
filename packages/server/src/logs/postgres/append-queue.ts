import type { Pool } from 'pg';
import { SillageServerError } from '../../core/index.ts';
import type { Clock } from '../../core/index.ts';
import type { LogEntry, LoggedEvent } from '../../events/index.ts';
import { createBatches } from '../batches.ts';
import type { Batches } from '../batches.ts';
import type { FollowedEvent } from '../follower.ts';
import type { PostgresQueries } from './queries.ts';

export interface AppendQueueOptions {
  readonly pool: Pool;
  readonly queries: PostgresQueries;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** A batch is in the outbox. */
  readonly onCommitted: () => void;
}

interface Waiter {
  readonly resolve: (event: LoggedEvent) => void;
  readonly reject: (error: unknown) => void;
}

interface Append extends Waiter {
  readonly topic: string;
  readonly entry: LogEntry;
}

const maxBatch = 1_000;
const maxBatchBytes = 4 * 2 ** 20;

/** Appends of this process: one batch at a time, so that they keep their order, and each waits for the number that the sequencer gives it. */
export class AppendQueue {
  readonly #options: AppendQueueOptions;
  readonly #batches: Batches<Append>;
  /** By the ID of the row in the outbox. */
  readonly #unnumbered = new Map<string, { readonly waiter: Waiter; readonly cancel: () => void }>();
  /** Numbered events whose row IDs may be on their way: the node's connection can be faster than the pool's. */
  readonly #early = new Map<string, LoggedEvent>();
  /** How many statements of {@link appendAtOnce} are on their way. */
  #inserting = 0;
  #whenEmpty: (() => void) | undefined;

  constructor(options: AppendQueueOptions) {
    this.#options = options;
    this.#batches = createBatches({
      maxItems: maxBatch,
      maxBytes: maxBatchBytes,
      bytesOf: ({ entry }) => entry.data.length,
      run: (batch) => this.#insert(batch),
      onIdle: () => this.#checkEmpty(),
    });
  }

  append(topic: string, entry: LogEntry): Promise<LoggedEvent> {
    return new Promise((resolve, reject) => this.#batches.add({ topic, entry, resolve, reject }));
  }

  /** Inserts by another statement, which returns the rows' IDs, and waits for their numbers. An empty list waits for nothing. */
  async appendAtOnce(insert: () => Promise<readonly string[]>): Promise<readonly LoggedEvent[]> {
    this.#inserting += 1;
    let numbers: Promise<LoggedEvent>[];
    try {
      const ids = await insert();
      numbers = ids.map((id) => new Promise((resolve, reject) => this.#await(id, { resolve, reject })));
    } finally {
      this.#inserting -= 1;
      this.#checkEmpty();
    }
    this.#options.onCommitted();
    return Promise.all(numbers);
  }

  numbered(events: readonly FollowedEvent[]): void {
    for (const { event, identity } of events) {
      const waiting = this.#unnumbered.get(identity);
      if (waiting !== undefined) this.#settle(identity, () => waiting.waiter.resolve(event));
      else if (this.#isInserting) this.#early.set(identity, event);
    }
  }

  /** Resolves once nothing waits any more. The time limits of appends are its limit. */
  async drained(): Promise<void> {
    if (!this.#isInserting && this.#unnumbered.size === 0) return;
    await new Promise<void>((resolve) => (this.#whenEmpty = resolve));
  }

  async #insert(batch: readonly Append[]): Promise<void> {
    const { pool, queries, onCommitted } = this.#options;
    try {
      const { rows } = await pool.query<{ id: string }>(queries.appendBatch, [
        batch.map(({ topic }) => topic),
        batch.map(({ entry }) => entry.type),
        batch.map(({ entry }) => entry.data),
        batch.map(({ entry }) => entry.retry ?? null),
      ]);
      for (const [index, append] of batch.entries()) this.#await(rows[index]?.id ?? '', append);
      onCommitted();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  get #isInserting(): boolean {
    return this.#batches.isBusy || this.#inserting > 0;
  }

  #await(id: string, waiter: Waiter): void {
    const event = this.#early.get(id);
    if (event !== undefined) {
      waiter.resolve(event);
      return;
    }
    const { clock, timeoutMs } = this.#options;
    const cancel = clock.setTimer(() => this.#settle(id, () => waiter.reject(unconfirmed(timeoutMs))), timeoutMs);
    this.#unnumbered.set(id, { waiter, cancel });
  }

  #settle(id: string, settle: () => void): void {
    this.#unnumbered.get(id)?.cancel();
    this.#unnumbered.delete(id);
    settle();
    this.#checkEmpty();
  }

  #checkEmpty(): void {
    if (this.#isInserting) return;
    this.#early.clear();
    if (this.#unnumbered.size === 0) this.#whenEmpty?.();
  }
}

function unconfirmed(timeoutMs: number): SillageServerError {
  return new SillageServerError(
    'append-unconfirmed',
    `The event is stored, and no node has numbered it within ${timeoutMs} ms. Its streams get it once a node can reach the database again: do not publish it a second time.`,
  );
}
