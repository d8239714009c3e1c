import { ConfigurationError } from '../core/index.ts';
import type { Pacer } from '../core/index.ts';
import { encodeEvent, formatEventId, joinBlocks, parseEventId } from '../events/index.ts';
import type { LogEntry } from '../events/index.ts';
import type { FanOut, LiveMember, Membership } from './fan-out.ts';
import type { HubObserver } from './hub-observer.ts';
import type { RecentEvent } from './recent-events.ts';
import type { Replay, ReplayPage } from './replay.ts';
import { completeBlock } from './subscription-sink.ts';
import type { SubscriptionSink } from './subscription-sink.ts';

/** The state at a position, encoded as an event. */
export interface SubscriptionSnapshot {
  /** The ID of the position; events go on after it. */
  readonly after: string;
  readonly event: LogEntry;
}

export interface SubscribeOptions {
  readonly topics: readonly string[];
  /** The last event ID of the client. Without one, the subscription gets new events only (PROTOCOL 2.3). */
  readonly lastEventId?: string | undefined;
  readonly sink: SubscriptionSink;
  /** Taken at the start of a subscription without an ID, after a gap, and where the end may have passed (PROTOCOL 5.5). */
  readonly snapshot?: (() => Promise<SubscriptionSnapshot>) | undefined;
  /** Whether an event, or the snapshot, is the last one. What it throws ends the subscription as failed. */
  readonly completeAfter?: ((event: LogEntry) => boolean) | undefined;
}

/** What all subscriptions of a hub share. */
export interface SubscriptionHost {
  readonly fanOut: FanOut;
  readonly replay: Replay;
  readonly pacer: Pacer;
  readonly observer?: HubObserver;
  /** How many subscriptions are behind the present. */
  replaying: number;
  /** The last {@link positionBlock}: after a reconnect storm, all sessions reach the same position. */
  reached: { readonly id: string; readonly bytes: Uint8Array } | undefined;
}

/** A block with an ID and no data. */
function positionBlock(host: SubscriptionHost, id: string): Uint8Array {
  if (host.reached?.id !== id) host.reached = { id, bytes: encodeEvent({ id }) };
  return host.reached.bytes;
}

/**
 * Brings a sink to the present and keeps it there (PROTOCOL 5.1). It writes pages at the pace of the sink, from the log and then from
 * memory, and joins the live subscriptions in the same turn of the event loop in which nothing is left to write: no event can come
 * between, and nothing is queued for the sink meanwhile. A sink that has no room for live events leaves them and does the same again.
 */
export class Subscription implements LiveMember {
  readonly #host: SubscriptionHost;
  readonly #sink: SubscriptionSink;
  /** Sorted, each once. While the subscription is live, those that all of its group share. */
  #topics: readonly string[];
  readonly #snapshot: SubscribeOptions['snapshot'];
  readonly #completeAfter: SubscribeOptions['completeAfter'];
  /** The ID up to which the sink has everything. Out of date while the subscription is live. */
  #after: string;
  /** Whether nothing was written yet, so that a gap can be told. */
  #isFirst = true;
  /** Whether the client resumes and has not received the block that ends its replay (PROTOCOL 5.6). */
  #isResuming: boolean;
  /** Whether the stream's last event is in the past. */
  #isOver = false;
  #isReplaying = false;
  #membership: Membership | undefined;
  #cancelWait: (() => void) | undefined;

  constructor(host: SubscriptionHost, options: SubscribeOptions) {
    const { topics, lastEventId, sink, snapshot, completeAfter } = options;
    this.#host = host;
    this.#sink = sink;
    this.#topics = [...new Set(topics)].sort();
    this.#snapshot = snapshot;
    this.#completeAfter = completeAfter;
    this.#after = lastEventId ?? formatEventId(host.fanOut.position);
    this.#isResuming = lastEventId !== undefined;
    if (sink.isEnded) return;
    sink.whenEnded(() => this.#leave());
    if (snapshot === undefined) {
      // A block with an ID and no data, so that a client has a position before its first event (PROTOCOL 4.3).
      if (lastEventId === undefined) sink.write(positionBlock(host, this.#after));
      this.#catchUp();
    } else this.#follow(this.#open(lastEventId, snapshot));
  }

  deliver(bytes: Uint8Array, events: readonly RecentEvent[]): void {
    const [first] = events;
    if (first === undefined || this.#sink.hasRoom()) this.#send(events, bytes);
    else {
      this.#leaveLive();
      this.fallBehind(first.event.sequence - 1, this.#host.fanOut.position.epoch);
    }
  }

  fallBehind(sequence: number, epoch: string): void {
    this.#membership = undefined;
    this.#after = formatEventId({ epoch, sequence });
    this.#isFirst = false;
    this.#follow(this.#continueWhenDrained());
  }

  /** Begins with the snapshot, or learns from it whether the client, which resumes, has seen the last event already. */
  async #open(lastEventId: string | undefined, snapshot: () => Promise<SubscriptionSnapshot>): Promise<void> {
    if (lastEventId === undefined) {
      if (!(await this.#writeSnapshot(snapshot))) return;
    } else if (this.#completeAfter !== undefined) {
      const { after, event } = await snapshot();
      this.#isOver = this.#completeAfter(event);
      // The last event is at or before that position, so that the replay up to there has it.
      if (this.#isOver) await this.#reached(parseEventId(after)?.sequence ?? 0);
    }
    this.#catchUp();
  }

  /** Joins the live subscriptions at once if nothing was missed, and queues up for a replay otherwise. */
  #catchUp(): void {
    if (this.#sink.isEnded) this.#setReplaying(false);
    else if (this.#isUpToDate()) this.#arrive();
    else {
      this.#setReplaying(true);
      this.#host.pacer.add(() => this.#step());
    }
  }

  #isUpToDate(): boolean {
    const { position } = this.#host.fanOut;
    return this.#after === formatEventId(position);
  }

  /** Writes one page, or asks for one. Returns how many bytes it wrote. */
  #step(): number {
    try {
      return this.#tryStep();
    } catch (error) {
      this.#sink.end('failed', error);
      return 0;
    }
  }

  #tryStep(): number {
    if (this.#sink.isEnded) return 0;
    const { fanOut, replay } = this.#host;
    const place = parseEventId(this.#after);
    const isOfThisHistory = place?.epoch === fanOut.position.epoch;
    if (isOfThisHistory && fanOut.covers(place.sequence)) {
      return this.#writePage(replay.fromMemory(this.#topics, place.sequence));
    }
    if (isOfThisHistory && place.sequence > fanOut.position.sequence && !this.#isFirst) {
      // This node's tail is behind the log.
      this.#follow(this.#reached(place.sequence).then(() => this.#catchUp()));
      return 0;
    }
    const reading = replay.fromLog(this.#topics, this.#after);
    this.#follow(reading.then((page) => this.#host.pacer.add(() => this.#stepWith(page))));
    return 0;
  }

  #stepWith(page: ReplayPage): number {
    try {
      return this.#sink.isEnded ? 0 : this.#writePage(page);
    } catch (error) {
      this.#sink.end('failed', error);
      return 0;
    }
  }

  #writePage(page: ReplayPage): number {
    const { gap, place } = page;
    if (gap !== undefined && !this.#isFirst) {
      // A gap is the first event of a connection (PROTOCOL 5.3): the client reconnects, and gets it then.
      this.#sink.end(gap.reason === 'trimmed' ? 'slow-consumer' : 'failed');
      return 0;
    }
    if (place.epoch !== this.#host.fanOut.position.epoch) {
      this.#sink.end('failed', new Error(`The log is at epoch ${place.epoch}, and its tail has not said so yet.`));
      return 0;
    }
    if (gap !== undefined) {
      this.#host.observer?.gap?.(gap.reason);
      const data = JSON.stringify({ reason: gap.reason, after: this.#after });
      this.#sink.write(encodeEvent({ id: formatEventId(gap.place), type: 'gap', data }));
      if (this.#snapshot !== undefined) {
        this.#follow(this.#restart(this.#snapshot));
        return 0;
      }
    }
    this.#after = formatEventId(place);
    this.#isFirst = false;
    if (page.events.length > 0) {
      this.#host.observer?.replayed?.(page.events.length);
      if (!this.#send(page.events, page.bytes())) return 0;
    }
    if (this.#isUpToDate()) this.#arrive();
    else this.#follow(this.#continueWhenDrained());
    return page.events.length === 0 ? 0 : page.bytes().byteLength;
  }

  async #restart(snapshot: () => Promise<SubscriptionSnapshot>): Promise<void> {
    if (await this.#writeSnapshot(snapshot)) await this.#continueWhenDrained();
  }

  async #continueWhenDrained(): Promise<void> {
    this.#setReplaying(true);
    await this.#sink.drained();
    this.#catchUp();
  }

  /** Nothing is left to write. Synchronous, and has to stay so. */
  #arrive(): void {
    this.#setReplaying(false);
    if (this.#isOver) this.#finish([]);
    else {
      if (this.#isResuming) this.#sink.write(positionBlock(this.#host, this.#after));
      this.#isResuming = false;
      this.#membership = this.#host.fanOut.join(this.#topics, this);
      this.#topics = this.#membership.topics;
    }
  }

  /** Writes events, up to the stream's last one if it is among them. Returns whether the stream goes on. */
  #send(events: readonly RecentEvent[], joined: Uint8Array): boolean {
    const completeAfter = this.#completeAfter;
    if (completeAfter === undefined) {
      this.#sink.write(joined);
      return !this.#sink.isEnded;
    }
    let lastAt: number;
    try {
      lastAt = events.findIndex(({ event }) => completeAfter(event));
    } catch (error) {
      this.#sink.end('failed', error);
      return false;
    }
    if (lastAt === -1) this.#sink.write(joined);
    else this.#finish(events.slice(0, lastAt + 1).map((event) => event.bytes()));
    return !this.#sink.isEnded;
  }

  #finish(blocks: readonly Uint8Array[]): void {
    this.#sink.write(joinBlocks([...blocks, completeBlock]));
    this.#sink.end('completed');
  }

  /** Returns whether the stream goes on. */
  async #writeSnapshot(snapshot: () => Promise<SubscriptionSnapshot>): Promise<boolean> {
    const { after, event } = await snapshot();
    if (this.#sink.isEnded) return false;
    if (parseEventId(after) === undefined) {
      throw new ConfigurationError(
        `The snapshot has "${after}" as after, which is not an event ID. Pass formatEventId(hub.position).`,
      );
    }
    this.#after = after;
    this.#isFirst = false;
    const block = encodeEvent({ ...event, id: after });
    if (this.#completeAfter?.(event) === true) {
      this.#finish([block]);
      return false;
    }
    this.#sink.write(block);
    return true;
  }

  /** Resolves once this node has seen the sequence, or the sink has ended. */
  #reached(sequence: number): Promise<void> {
    const { fanOut } = this.#host;
    if (fanOut.position.sequence >= sequence || this.#sink.isEnded) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = fanOut.whenReached(sequence, () => {
        this.#cancelWait = undefined;
        resolve();
      });
      this.#cancelWait = () => {
        cancel();
        resolve();
      };
    });
  }

  #follow(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#sink.end('failed', error));
  }

  /** The sink has ended. */
  #leave(): void {
    this.#setReplaying(false);
    this.#leaveLive();
    this.#cancelWait?.();
  }

  #leaveLive(): void {
    if (this.#membership !== undefined) this.#host.fanOut.leave(this.#membership, this);
    this.#membership = undefined;
  }

  #setReplaying(isReplaying: boolean): void {
    if (this.#isReplaying === isReplaying) return;
    this.#isReplaying = isReplaying;
    this.#host.replaying += isReplaying ? 1 : -1;
    if (this.#host.replaying === 0) this.#host.replay.clear();
  }
}
