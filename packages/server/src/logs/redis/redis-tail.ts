import type { Clock } from '../../core/index.ts';
import type { Follower, FollowSource } from '../follower.ts';
import type { RedisConnection } from './redis-connection.ts';

export interface RedisTailOptions {
  /** Only the tail uses it: a blocking command holds up whatever comes after it. */
  readonly connection: RedisConnection;
  /** The key of the stream. */
  readonly events: string;
  readonly follower: Follower;
  readonly source: FollowSource;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** How long a read waits for an event. After it, the tail looks whether the history is still the one that it follows. */
const blockMs = 1_000;
const retryMs = 100;

/**
 * Follows the stream, for all sessions of a node. The position is always given by its number: `$` is "now" at each call, so that what arrives between
 * two calls would be missed.
 */
export class RedisTail {
  readonly #options: RedisTailOptions;
  readonly #finished: Promise<void>;
  #isStopped = false;
  #readAt: number;

  constructor(options: RedisTailOptions) {
    this.#options = options;
    this.#readAt = options.clock.monotonic();
    this.#finished = this.#run();
  }

  /** For how long it has not been certain that it has read everything. */
  silenceMs(): number {
    return this.#options.clock.monotonic() - this.#readAt;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#options.connection.close();
    await this.#finished;
  }

  async #run(): Promise<void> {
    const { connection, events, follower, source, clock, onError } = this.#options;
    while (!this.#isStopped) {
      try {
        await follower.catchUp(source);
        this.#readAt = clock.monotonic();
        const after = `${follower.place.sequence}-0`;
        await connection.send(['XREAD', 'COUNT', '1', 'BLOCK', String(blockMs), 'STREAMS', events, after]);
      } catch (error) {
        if (this.#hasStopped()) return;
        onError(error);
        await new Promise<void>((resolve) => clock.setTimer(resolve, retryMs));
      }
    }
  }

  #hasStopped(): boolean {
    return this.#isStopped;
  }
}
