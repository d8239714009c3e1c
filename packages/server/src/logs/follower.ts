import { randomEpoch } from './random-epoch.ts';
import type { EventPlace, LoggedEvent } from '../events/index.ts';

/** What a log of another process holds after a position, at one moment. */
export interface FollowState {
  readonly epoch: string;
  readonly first: number;
  readonly last: number;
  /** The last sequence of the position's history that holds, if that history has ended; 0 if it is unknown. */
  readonly through: number | undefined;
  /** What identifies the event at the position, if the log holds it. */
  readonly anchor: string | undefined;
  /** What follows the position, as far as one answer has it, without a hole. */
  readonly events: readonly FollowedEvent[];
}

/** How a log of another process is read. */
export interface FollowSource {
  read(place: EventPlace): Promise<FollowState>;
  /** Ends a history, unless it has ended already. None of its positions hold any more. */
  endEpoch(epoch: string, next: string): Promise<void>;
}

/** An event, and what identifies it: two events may get the same sequence if the log is put back to an earlier state. */
export interface FollowedEvent {
  readonly event: LoggedEvent;
  readonly identity: string;
}

export interface FollowerSink {
  onEvents(events: readonly FollowedEvent[]): void;
  onReset(place: EventPlace): void;
}

/** Reads a log in order, from one position on, and notices when its history is no longer the one that was read. */
export class Follower {
  readonly #sink: FollowerSink;
  #place: EventPlace;
  #anchor: string | undefined;

  constructor(from: EventPlace, sink: FollowerSink) {
    this.#place = from;
    this.#sink = sink;
  }

  get place(): EventPlace {
    return this.#place;
  }

  /** Reads until nothing follows, and returns the log's bounds. */
  async catchUp(source: FollowSource): Promise<Pick<FollowState, 'first' | 'last'>> {
    for (;;) {
      const { epoch, sequence } = this.#place;
      const state = await source.read(this.#place);
      const { anchor = this.#anchor } = state;
      if (state.epoch !== epoch) {
        // Another history has begun. It continues this one as far as the log still had it.
        this.#reset({
          epoch: state.epoch,
          sequence: Math.max(Math.min(sequence, state.through ?? 0), state.first - 1),
        });
      } else if (state.last < sequence || anchor !== (this.#anchor ?? anchor)) {
        // The log is behind what it has delivered: it was put back to an earlier state. Nobody knows how far back, so no position of it holds.
        await source.endEpoch(epoch, randomEpoch());
      } else if (state.first > sequence + 1) {
        this.#reset({ epoch, sequence: state.first - 1 });
      } else {
        this.#deliver(state.events, epoch);
        if (this.#place.sequence >= state.last) return state;
      }
    }
  }

  #reset(place: EventPlace): void {
    this.#place = place;
    this.#anchor = undefined;
    this.#sink.onReset(place);
  }

  #deliver(events: readonly FollowedEvent[], epoch: string): void {
    const last = events.at(-1);
    if (last === undefined) return;
    this.#place = { epoch, sequence: last.event.sequence };
    this.#anchor = last.identity;
    this.#sink.onEvents(events);
  }
}
