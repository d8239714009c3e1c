import type { ClientConfig } from 'pg';
import type { Clock } from '../../core/index.ts';
import { formatEventId } from '../../events/index.ts';
import type { Follower } from '../follower.ts';
import { createFollowSource } from './read-page.ts';
import { NodeConnection } from './node-connection.ts';
import type { PostgresQueries, Query } from './queries.ts';
import type { LogBounds, Sequencer } from './sequencer.ts';

export interface PostgresNodeOptions {
  readonly config: ClientConfig;
  readonly queries: PostgresQueries;
  readonly follower: Follower;
  readonly sequencer: Sequencer;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** How often a node checks the sequencer and the log, notified or not: it notices a connection that only looks alive. */
const checkMs = 500;
/** How long the sequencer lets events gather: a transaction for each event would take the disk from the applications'. */
const gatherMs = 8;
/** How often the sequencer looks for events where there were none. */
const maxIdleMs = 20;

/**
 * Follows the log on one connection, and numbers its events while this node is elected. One loop does all of it, so that no two statements
 * compete for the connection.
 */
export class PostgresNode {
  readonly #options: PostgresNodeOptions;
  readonly #connection: NodeConnection;
  #isBehind = true;
  #hasCommitted = false;
  #isStopped = false;
  #readAt: number;
  #wake: (() => void) | undefined;

  constructor(options: PostgresNodeOptions) {
    this.#options = options;
    this.#readAt = options.clock.monotonic();
    this.#connection = new NodeConnection({
      config: options.config,
      clock: options.clock,
      onError: options.onError,
      onNotification: (payload) => this.#notified(payload),
      serve: (query) => this.#serve(query),
    });
  }

  /** For how long it has not been certain that it has read everything. */
  silenceMs(): number {
    return this.#options.clock.monotonic() - this.#readAt;
  }

  /** This process has committed something. */
  committed(): void {
    if (!this.#options.sequencer.isElected) return;
    this.#hasCommitted = true;
    this.#wake?.();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake?.();
    this.#connection.stop();
    await this.#connection.finished;
  }

  #notified(payload: string): void {
    // The sequencer hears of itself what it has read already.
    if (payload === formatEventId(this.#options.follower.place)) return;
    this.#isBehind = true;
    this.#wake?.();
  }

  async #serve(query: Query): Promise<void> {
    const { follower, sequencer, clock, queries } = this.#options;
    sequencer.disconnected();
    await query(queries.listen);
    // The tables that are filled and emptied all the time look as small as they are, and have many dead rows.
    for (const setting of ['enable_seqscan', 'jit']) await query(`SET ${setting} = off`);
    const source = createFollowSource(query, queries);
    let checkedAt = -Infinity;
    let idleMs = gatherMs;
    let bounds: LogBounds = { first: 1, last: 0 };
    while (!this.#isStopped) {
      const isDue = clock.monotonic() - checkedAt >= checkMs;
      if (isDue) {
        await sequencer.check(query);
        checkedAt = clock.monotonic();
      }
      this.#hasCommitted = false;
      const { numbered, isFull } = sequencer.isElected ? await sequencer.number(query) : nothing;
      if (numbered > 0) {
        // Before anybody hears of the new events. Never what this node has not read: it would have to tell a gap.
        await sequencer.trim(query, { first: bounds.first, last: bounds.last + numbered }, follower.place.sequence);
      }
      if (isDue || numbered > 0 || this.#isBehind) {
        this.#isBehind = false;
        bounds = await follower.catchUp(source);
        this.#readAt = clock.monotonic();
      }
      if (isDue && sequencer.isElected) await sequencer.trim(query, bounds, follower.place.sequence);
      idleMs = numbered > 0 ? gatherMs : Math.min(idleMs * 2, maxIdleMs);
      if (isFull || this.#hasWork()) continue;
      await this.#pause(sequencer.isElected ? idleMs : checkMs);
    }
  }

  /** Whether something arrived during a statement. */
  #hasWork(): boolean {
    return this.#isBehind || this.#hasCommitted;
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isStopped) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.setTimer(resolve, ms);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

const nothing = { numbered: 0, isFull: false };
