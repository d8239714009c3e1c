import { randomEpoch } from '../random-epoch.ts';
import type { EventPlace, LoggedEvent } from '../../events/index.ts';
import type { PostgresQueries } from './queries.ts';
import { eventsOf } from './read-page.ts';
import type { EventRow } from './read-page.ts';

/** What runs one statement on the node's own connection. */
export type Query = <Row>(text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

interface FollowRow extends EventRow {
  readonly epoch: string;
  readonly first: number;
  readonly last: number;
  /** The event at the follower's position, if the log holds it. */
  readonly anchor: string | null;
  /** The last sequence of the follower's history, if that has ended. */
  readonly through: number | null;
}

/** An event, and the row of the outbox that it was. */
export interface FollowedEvent {
  readonly event: LoggedEvent;
  readonly outboxId: string;
}

export interface FollowerSink {
  onEvents(events: readonly FollowedEvent[]): void;
  onReset(place: EventPlace): void;
}

/** The log's present bounds, as the last statement saw them. */
export interface LogBounds {
  readonly first: number;
  readonly last: number;
}

const maxRows = 1_000;
const maxBytes = 4 * 2 ** 20;

/** Reads the log in order, from one position on, and notices when its history is no longer the one that was read. */
export class Follower {
  readonly #queries: PostgresQueries;
  readonly #sink: FollowerSink;
  #place: EventPlace;
  /** The outbox row of the last event: another one at its sequence is another history. */
  #anchor: string | undefined;

  constructor(queries: PostgresQueries, from: EventPlace, sink: FollowerSink) {
    this.#queries = queries;
    this.#place = from;
    this.#sink = sink;
  }

  get place(): EventPlace {
    return this.#place;
  }

  /** Reads until nothing follows. */
  async catchUp(query: Query): Promise<LogBounds> {
    for (;;) {
      const { epoch, sequence } = this.#place;
      const rows = await query<FollowRow>(this.#queries.follow, [sequence, maxRows, maxBytes, epoch]);
      const [state] = rows;
      if (state === undefined) throw new TypeError('The state of the event log is missing: its table has no row.');
      if (state.epoch !== epoch) {
        // Another history has begun. It continues this one as far as the log still had it.
        this.#reset({
          epoch: state.epoch,
          sequence: Math.max(Math.min(sequence, state.through ?? 0), state.first - 1),
        });
      } else if (state.last < sequence || (state.anchor !== null && (this.#anchor ?? state.anchor) !== state.anchor)) {
        // The log is behind what it has delivered: it was put back to an earlier state. Nobody knows how far back, so no position of it holds.
        await query(this.#queries.beginEpoch, [epoch, randomEpoch(), 0]);
      } else if (state.first > sequence + 1) {
        this.#reset({ epoch, sequence: state.first - 1 });
      } else {
        this.#deliver(rows, epoch);
        if (this.#place.sequence >= state.last) return state;
      }
    }
  }

  #reset(place: EventPlace): void {
    this.#place = place;
    this.#anchor = undefined;
    this.#sink.onReset(place);
  }

  #deliver(rows: readonly FollowRow[], epoch: string): void {
    const events = eventsOf(rows, epoch);
    const last = events.at(-1);
    if (last === undefined) return;
    this.#place = { epoch, sequence: last.sequence };
    this.#anchor = rows.at(-1)?.outboxId;
    this.#sink.onEvents(events.map((event, index) => ({ event, outboxId: rows[index]?.outboxId ?? '' })));
  }
}
