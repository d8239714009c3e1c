import { GapError, InvalidOptionError, SlowConsumerError } from '../errors.ts';
import type { Gap, SseEvent } from '../event.ts';
import { isThenable } from '../options/index.ts';
import type { StreamState } from '../stream-state.ts';
import type { StreamObserver } from './observer.ts';

/** The options of {@link EventStream.events}. */
export interface EventIteratorOptions {
  /** How many events wait for the iterator before `overflow` applies. Those of one chunk more may wait. @default 1024 */
  readonly maxQueuedEvents?: number;
  /**
   * What happens when more events wait. `'pause'`: nothing more is read from the server until they are read. If the stream has other
   * subscribers they are not held up: the iterator fails with a `SlowConsumerError`, unless it reads the events in the same turn of the event loop.
   * `'drop-oldest'`: the oldest waiting event is dropped. `'fail'`: as `'pause'` with other subscribers.
   *
   * @default 'pause'
   */
  readonly overflow?: 'pause' | 'drop-oldest' | 'fail';
  /**
   * Called for each gap, before the event that follows it is returned. Without it a gap ends the iteration with a `GapError`: a loop would
   * otherwise not know that events were lost.
   */
  readonly onGap?: (gap: Gap) => void;
}

/** What an iterator needs of its stream. */
export interface IteratedStream<T> {
  readonly position: string;
  /** How many subscribers the stream has. */
  readonly subscribers: number;
  subscribe(observer: StreamObserver<T>): () => void;
  /** The iterator has no more events, or leaves: `unread` is the position that it leaves unread events at. */
  done(unread: string | undefined): void;
  /** Nothing more is read from the server before `ready` resolves. */
  pause(ready: Promise<unknown>): void;
  /** Calls back in another turn of the event loop. Returns a function that cancels it. */
  nextTurn(callback: () => void): () => void;
  reportError(error: unknown): void;
}

type Result<T> = IteratorResult<SseEvent<T>, undefined>;

interface Waiter<T> {
  readonly resolve: (result: Result<T>) => void;
  readonly reject: (error: unknown) => void;
}

/** How many waiting events pause the connection for an iterator that is the only subscriber. */
const pauseAtEvents = 8;

/** A gap, queued between the events around it. A class, so that events are queued without a wrapper. */
class QueuedGap {
  readonly gap: Gap;
  readonly id: string;

  constructor(gap: Gap, id: string) {
    this.gap = gap;
    this.id = id;
  }
}

/**
 * An iterator over a stream's events. It subscribes at the first `next()`. It is not an async generator: the
 * `return()` of one waits for the `next()` that is pending, so a loop on a quiet stream could not be left.
 */
export class EventIterator<T> implements AsyncIterableIterator<SseEvent<T>, undefined, undefined> {
  readonly #stream: IteratedStream<T>;
  readonly #maxQueuedEvents: number;
  /** The queue of an iterator that is alone pauses the connection earlier: what is not read yet waits in the network, not in memory. */
  readonly #pauseAt: number;
  readonly #overflow: 'pause' | 'drop-oldest' | 'fail';
  readonly #onGap: ((gap: Gap) => unknown) | undefined;
  // A head index and not shift(), which moves every element.
  #queue: (SseEvent<T> | QueuedGap)[] = [];
  #head = 0;
  #waiters: Waiter<T>[] = [];
  #lastEventId = '';
  /** `'ended'`: nothing is queued any more; what is queued is still returned, then `#failure` is thrown once. */
  #status: 'new' | 'subscribed' | 'ended' = 'new';
  #failure: { readonly error: unknown } | undefined;
  #resumeReading: (() => void) | undefined;
  #unsubscribe: (() => void) | undefined;
  #cancelTurn: (() => void) | undefined;

  /** @throws {InvalidOptionError} if an option cannot work. */
  constructor(stream: IteratedStream<T>, options: EventIteratorOptions) {
    const { maxQueuedEvents = 1_024, overflow = 'pause', onGap } = options;
    if (!['pause', 'drop-oldest', 'fail'].includes(overflow)) {
      throw new InvalidOptionError(`overflow is "${overflow}". Pass "pause", "drop-oldest" or "fail".`);
    }
    if (!(maxQueuedEvents >= 1)) {
      throw new InvalidOptionError(`maxQueuedEvents is ${String(maxQueuedEvents)}. Pass a number of at least 1.`);
    }
    this.#stream = stream;
    this.#maxQueuedEvents = maxQueuedEvents;
    this.#pauseAt = Math.min(maxQueuedEvents, pauseAtEvents);
    this.#overflow = overflow;
    this.#onGap = onGap;
  }

  /** How many events and gaps wait. */
  get queued(): number {
    return this.#queue.length - this.#head;
  }

  /** Whether the stream counts it among its subscribers. */
  get isSubscribed(): boolean {
    return this.#unsubscribe !== undefined;
  }

  /** The ID of the last event that `next()` returned; only while something waits. */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  next(): Promise<Result<T>> {
    if (this.#status === 'new') this.#subscribe();
    for (let queued = this.#take(); queued !== undefined; queued = this.#take()) {
      this.#lastEventId = queued.id;
      if (!(queued instanceof QueuedGap)) {
        return Promise.resolve({ done: false, value: queued });
      }
      if (!this.#tellGap(queued.gap)) return this.#failWithGap(queued.gap);
    }
    if (this.#isEnded()) {
      this.#stream.done(undefined);
      return this.#endResult();
    }
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  return(): Promise<Result<T>> {
    this.#leave();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: unknown): Promise<Result<T>> {
    this.#leave();
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what the caller threw
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #event(event: SseEvent<T>): void {
    if (this.#waiters.length > 0) {
      this.#waiters.shift()?.resolve({ done: false, value: event });
      return;
    }
    this.#push(event);
    if (this.queued > this.#pauseAt) this.#fills();
  }

  #gap(gap: Gap, id: string): void {
    // After the waiting events: they were sent before it.
    if (this.queued > 0) this.#push(new QueuedGap(gap, id));
    else if (!this.#tellGap(gap)) this.#end({ error: new GapError(gap) });
  }

  #state(state: StreamState): void {
    if (state.status !== 'closed' || this.#isEnded()) return;
    // Nothing happens after `close()`: what waits is not returned any more.
    if (state.reason === 'closed') this.#leave();
    else this.#end(state.reason === 'failed' ? { error: state.error } : undefined);
  }

  /** Another subscriber came: it is not held up by this one. */
  joined(): void {
    this.#resume();
  }

  #subscribe(): void {
    this.#status = 'subscribed';
    const unsubscribe = this.#stream.subscribe({
      next: (event) => this.#event(event),
      gap: (gap, id) => this.#gap(gap, id),
      state: (state) => this.#state(state),
    });
    // The stream may have ended meanwhile.
    if (this.#isEnded()) unsubscribe();
    else this.#unsubscribe = unsubscribe;
  }

  #push(queued: SseEvent<T> | QueuedGap): void {
    // Everything before this one is read.
    if (this.queued === 0) this.#lastEventId = this.#stream.position;
    this.#queue.push(queued);
  }

  #take(): SseEvent<T> | QueuedGap | undefined {
    const queued = this.#queue[this.#head];
    if (queued === undefined) return undefined;
    this.#head += 1;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head >= 4_096 && this.#head * 2 >= this.#queue.length) {
      // Frees what was read in steps, so that the cost of an event stays constant.
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    if (this.#resumeReading !== undefined && this.queued * 2 <= this.#pauseAt) this.#resume();
    return queued;
  }

  #resume(): void {
    const resume = this.#resumeReading;
    this.#resumeReading = undefined;
    resume?.();
  }

  /** Called for every event past `#pauseAt`: the parser delivers a whole chunk before anybody can read. */
  #fills(): void {
    const alone = this.#stream.subscribers === 1;
    if (this.queued <= this.#maxQueuedEvents && !(this.#overflow === 'pause' && alone)) return;
    if (this.#overflow === 'drop-oldest') {
      const dropped = this.#take();
      // An event may be dropped, the news of a gap may not.
      if (dropped instanceof QueuedGap && !this.#tellGap(dropped.gap)) this.#end({ error: new GapError(dropped.gap) });
      return;
    }
    if (this.#resumeReading !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#resumeReading = () => resolve(undefined);
    this.#stream.pause(promise);
    if (this.#overflow === 'pause' && alone) return;
    this.#cancelTurn = this.#stream.nextTurn(() => {
      this.#cancelTurn = undefined;
      if (this.queued > this.#maxQueuedEvents) this.#end({ error: new SlowConsumerError(this.#maxQueuedEvents) });
      this.#resume();
    });
  }

  /** Returns false if there is no `onGap`. */
  #tellGap(gap: Gap): boolean {
    if (this.#onGap === undefined) return false;
    try {
      const answer = this.#onGap(gap);
      if (isThenable(answer)) Promise.resolve(answer).catch((error: unknown) => this.#stream.reportError(error));
    } catch (error) {
      this.#stream.reportError(error);
    }
    return true;
  }

  #failWithGap(gap: Gap): Promise<Result<T>> {
    this.#leave();
    return Promise.reject(new GapError(gap));
  }

  #endResult(): Promise<Result<T>> {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure === undefined) return Promise.resolve({ done: true, value: undefined });
    // What the stream failed with is what the loop throws.
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- always an SseError
    return Promise.reject(failure.error);
  }

  /** Ends the iterator after what is queued. The first `next()` after that rejects with the reason; later ones return the end. */
  #end(failure?: { readonly error: unknown }): void {
    if (this.#status === 'ended') return;
    this.#status = 'ended';
    this.#failure = failure;
    for (const { resolve, reject } of this.#waiters) this.#endResult().then(resolve, reject);
    this.#waiters = [];
    const unsubscribe = this.#unsubscribe;
    this.#unsubscribe = undefined;
    unsubscribe?.();
    this.#cancelTurn?.();
    this.#resume();
  }

  /** Keeps the position of the last event that was returned: the waiting events were not read, and a stream that resumes there receives them again. */
  #leave(): void {
    if (this.#status !== 'new') this.#stream.done(this.queued > 0 ? this.#lastEventId : undefined);
    this.#clear();
    this.#end();
    this.#status = 'ended';
    this.#failure = undefined;
  }

  #clear(): void {
    this.#queue = [];
    this.#head = 0;
  }

  #isEnded(): boolean {
    return this.#status === 'ended';
  }
}
