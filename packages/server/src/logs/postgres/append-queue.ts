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

interface Append {
  readonly topic: string;
  readonly entry: LogEntry;
  readonly resolve: (event: LoggedEvent) => void;
  readonly reject: (error: unknown) => void;
}

const maxBatch = 1_000;
const maxBatchBytes = 4 * 2 ** 20;

/** Appends of this process: one batch at a time, so that they keep their order, and each waits for the number that the sequencer gives it. */
export class AppendQueue {
  readonly #options: AppendQueueOptions;
  readonly #batches: Batches<Append>;
  /** By the ID of the row in the outbox. */
  readonly #unnumbered = new Map<string, { readonly append: Append; readonly cancel: () => void }>();
  /** Numbered events whose row IDs may be on their way: the node's connection can be faster than the pool's. */
  readonly #early = new Map<string, LoggedEvent>();
  #whenEmpty: (() => void) | undefined;

  constructor(options: AppendQueueOptions) {
    this.#options = options;
    this.#batches = createBatches({
      maxItems: maxBatch,
      maxBytes: maxBatchBytes,
      bytesOf: ({ entry }) => entry.data.length,
      run: (batch) => this.#insert(batch),
      onIdle: () => {
        this.#early.clear();
        this.#checkEmpty();
      },
    });
  }

  append(topic: string, entry: LogEntry): Promise<LoggedEvent> {
    return new Promise((resolve, reject) => this.#batches.add({ topic, entry, resolve, reject }));
  }

  numbered(events: readonly FollowedEvent[]): void {
    for (const { event, identity } of events) {
      const waiting = this.#unnumbered.get(identity);
      if (waiting !== undefined) this.#settle(identity, () => waiting.append.resolve(event));
      else if (this.#batches.isBusy) this.#early.set(identity, event);
    }
  }

  /** Resolves once nothing waits any more. The time limits of appends are its limit. */
  async drained(): Promise<void> {
    if (!this.#batches.isBusy && this.#unnumbered.size === 0) return;
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

  #await(id: string, append: Append): void {
    const event = this.#early.get(id);
    if (event !== undefined) {
      append.resolve(event);
      return;
    }
    const { clock, timeoutMs } = this.#options;
    const cancel = clock.setTimer(() => this.#settle(id, () => append.reject(unconfirmed(timeoutMs))), timeoutMs);
    this.#unnumbered.set(id, { append, cancel });
  }

  #settle(id: string, settle: () => void): void {
    this.#unnumbered.get(id)?.cancel();
    this.#unnumbered.delete(id);
    settle();
    this.#checkEmpty();
  }

  #checkEmpty(): void {
    if (!this.#batches.isBusy && this.#unnumbered.size === 0) this.#whenEmpty?.();
  }
}

function unconfirmed(timeoutMs: number): SillageServerError {
  return new SillageServerError(
    'append-unconfirmed',
    `The event is stored, and no node has numbered it within ${timeoutMs} ms. Its streams get it once a node can reach the database again: do not publish it a second time.`,
  );
}
