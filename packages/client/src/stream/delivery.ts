import type { Gap, SseEvent } from '../event.ts';
import { isThenable } from '../options/index.ts';
import type { StreamState } from '../stream-state.ts';
import { Handover } from './handover.ts';
import { tell, type Notification, type StreamObserver, type Subscription } from './observer.ts';

/** What a delivery needs of its stream. */
interface DeliveryOptions {
  /** Where the stream begins. */
  readonly lastEventId: string;
  /** Receives what subscribers throw. */
  readonly reportError: (error: unknown) => void;
  /** Called after the callbacks that `later()` was called in have returned. */
  readonly whenDone: () => void;
  /** Called when too many events arrive during a rotation. */
  readonly whenFull: () => void;
}

/**
 * The subscribers of one stream, and how far its events are delivered to them. A class because every event passes through it: methods are
 * called faster than functions that are created for each stream (`npm run bench:client`).
 */
export class Delivery<T> {
  /** Copied when it changes and not when it is used: who joins or leaves during a delivery does not disturb it, and an event costs no copy. */
  #list: readonly Subscription<T>[] = [];
  #mode: 'on' | 'halted' = 'on';
  #depth = 0;
  #positionWatched: 'yes' | 'no' = 'no';
  /** The last event that was handed to the subscribers. */
  #resumeId: string;
  /** While a subscriber works on that event: the ID before it. */
  #deliveredId: string | undefined;
  #busy: PromiseLike<unknown> | undefined;
  #ready: Promise<void> | undefined;
  /** Whether `whenDone` is due after the callbacks that run now. */
  #pending: 'yes' | 'no' = 'no';
  /** What the current connection may repeat of its predecessor. */
  #skipped: Handover | undefined;
  /** What the current connection delivers while its successor is opened. */
  #remembered: Handover | undefined;
  readonly #reportError: (error: unknown) => void;
  readonly #whenDone: () => void;
  readonly #whenFull: () => void;

  constructor({ lastEventId, reportError, whenDone, whenFull }: DeliveryOptions) {
    this.#resumeId = lastEventId;
    this.#reportError = reportError;
    this.#whenDone = whenDone;
    this.#whenFull = whenFull;
  }

  /** How many subscribers there are. */
  get size(): number {
    return this.#list.length;
  }

  /** The last event that every subscriber is done with. */
  get position(): string {
    return this.#deliveredId ?? this.#resumeId;
  }

  set position(id: string) {
    this.#resumeId = id;
    this.#deliveredId = undefined;
  }

  /** Where a new connection resumes: after the last event that was handed over, whether or not a subscriber still works on it. */
  get resumeId(): string {
    return this.#resumeId;
  }

  /** The delivery that a subscriber still works on. */
  get busy(): PromiseLike<unknown> | undefined {
    return this.#busy;
  }

  /** Resolves when the subscribers want more to be read; `undefined` if they want it now. */
  get ready(): Promise<void> | undefined {
    return this.#ready;
  }

  /** Nothing more is read before `ready` resolves. What was read already is still delivered. */
  pause(ready: Promise<unknown>): void {
    const all: Promise<void> = Promise.all([this.#ready, ready]).then(() => {
      if (this.#ready === all) this.#ready = undefined;
    });
    this.#ready = all;
  }

  add(observer: StreamObserver<T>): Subscription<T> {
    const subscription: Subscription<T> = { observer, status: 'active' };
    this.#setList([...this.#list, subscription]);
    return subscription;
  }

  remove(subscription: Subscription<T>): void {
    subscription.status = 'ended';
    // A subscriber that left does not hold up the others, whatever its promise does.
    subscription.release?.();
    this.#setList(this.#list.filter((other) => other !== subscription));
  }

  /** From the next subscriber on, only the end is delivered. */
  halt(): void {
    this.#mode = 'halted';
  }

  /** Calls `whenDone`: at once, or if a callback is running after it has returned, so that every subscriber sees the same order. */
  later(): void {
    this.#pending = 'yes';
    this.#flush();
  }

  /** A successor is opened at `resumeId`: what is delivered from here on may be repeated by it. */
  beginHandover(): void {
    this.#remembered = new Handover();
  }

  /** The successor was cancelled. */
  cancelHandover(): void {
    this.#remembered = undefined;
  }

  /** From here on, the successor's events come, and those that were delivered already are skipped. */
  handOver(): void {
    this.#skipped = this.#remembered;
    this.#remembered = undefined;
  }

  /** Another connection begins at `resumeId`: it repeats nothing. */
  beginAlone(): void {
    this.#skipped = this.#remembered = undefined;
  }

  /**
   * Hands an event to the subscribers and moves the position past it.
   *
   * @returns a promise, which never rejects, if a subscriber returned one: the position moves when that resolves.
   */
  event(event: SseEvent<T>): PromiseLike<unknown> | undefined {
    // Held over everything: if the callback of a gap reconnects, the stream must resume after this event.
    this.#depth += 1;
    if (this.#skipped !== undefined && this.#skips(this.#skipped, event.id)) {
      this.#depth -= 1;
      this.#flush();
      return this.#busy;
    }
    if (this.#remembered?.remember(event.id) === 'full') this.#whenFull();
    // The list of now: it is replaced when it changes.
    const list = this.#list;
    let slow: PromiseLike<unknown>[] | undefined;
    for (let index = 0; index < list.length && this.#mode === 'on'; index += 1) {
      const subscription = list[index];
      if (subscription?.status !== 'active') continue;
      try {
        const answer = subscription.observer.next?.(event);
        if (answer !== undefined && isThenable(answer)) {
          (slow ??= []).push(this.#untilDone(subscription, answer));
        }
      } catch (error) {
        this.#reportError(error);
      }
    }
    if (slow !== undefined) this.#waitFor(slow, event.id);
    else if (this.#positionWatched === 'yes') this.moveTo(event.id);
    else this.#resumeId = event.id;
    this.#depth -= 1;
    if (this.#pending === 'yes') this.#flush();
    return slow === undefined ? undefined : this.#busy;
  }

  /** A connection moves the position without an event. Never back to what its predecessor has passed. */
  reached(id: string): void {
    if (this.#skipped?.isOver === false) return;
    this.moveTo(id);
  }

  moveTo(id: string): void {
    const before = this.position;
    this.position = id;
    if (id !== before && this.#positionWatched === 'yes') this.notify({ kind: 'position', lastEventId: id });
  }

  gap(gap: Gap, id: string): void {
    if (this.#skipped?.isOver === false) this.#skipped.heldGap = { gap, id };
    else this.#tellGap(gap, id);
  }

  #tellGap(gap: Gap, id: string): void {
    // Held over both: a callback that reconnects must resume after the gap.
    this.#depth += 1;
    this.notify({ kind: 'gap', gap, lastEventId: id });
    this.moveTo(id);
    this.#depth -= 1;
    this.#flush();
  }

  /** Whether there is nothing left to do with an event: it repeats another one, or the stream has ended in the callback of a gap. */
  #skips(skipped: Handover, id: string): boolean {
    const repeats = skipped.repeats(id);
    if (repeats) skipped.heldGap = undefined;
    else this.#tellHeldGap(skipped);
    if (skipped.isOver && this.#skipped === skipped) this.#skipped = undefined;
    return repeats || this.#mode === 'halted';
  }

  /** What was not repeated before a gap never is. */
  #tellHeldGap({ heldGap }: Handover): void {
    if (heldGap === undefined) return;
    this.#skipped = undefined;
    this.#tellGap(heldGap.gap, heldGap.id);
  }

  /** Tells every subscriber; after the end only the end. */
  notify(notification: Notification): void {
    const ends = notification.kind === 'state' && notification.state.status === 'closed';
    this.#depth += 1;
    for (const subscription of this.#list) {
      if (this.#mode === 'halted' && !ends) break;
      tell(subscription, notification, this.#reportError);
    }
    this.#depth -= 1;
    if (ends) this.#setList([]);
    this.#flush();
  }

  /** Tells a late subscriber that the stream has ended. */
  tellEnd(observer: StreamObserver<T>, state: StreamState): void {
    tell({ observer, status: 'active' }, { kind: 'state', state }, this.#reportError);
  }

  #setList(list: readonly Subscription<T>[]): void {
    this.#list = list;
    this.#positionWatched = list.some(({ observer }) => observer.position !== undefined) ? 'yes' : 'no';
  }

  #untilDone(subscription: Subscription<T>, answer: PromiseLike<unknown>): Promise<void> {
    return new Promise<void>((resolve) => {
      const release = (): void => resolve();
      subscription.release = release;
      Promise.resolve(answer).then(release, (error: unknown) => {
        this.#reportError(error);
        release();
      });
    });
  }

  #waitFor(slow: readonly PromiseLike<unknown>[], id: string): void {
    this.#deliveredId ??= this.#resumeId;
    this.#resumeId = id;
    const busy: PromiseLike<unknown> = Promise.all(slow).then(() => {
      if (this.#busy !== busy) return;
      this.#busy = undefined;
      // Unless the position was set meanwhile: it is then forgotten, or an iterator has left.
      if (this.#deliveredId !== undefined) this.moveTo(id);
    });
    this.#busy = busy;
  }

  #flush(): void {
    if (this.#depth > 0 || this.#pending === 'no') return;
    this.#pending = 'no';
    this.#whenDone();
  }
}
