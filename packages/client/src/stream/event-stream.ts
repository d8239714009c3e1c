import { InvalidOptionError } from '../errors.ts';
import type { SseEvent } from '../event.ts';
import { resolveOptions, type EventStreamOptions, type StreamUrl } from '../options/index.ts';
import type { StreamState } from '../stream-state.ts';
import { EventIterator, type EventIteratorOptions } from './event-iterator.ts';
import type { StreamObserver } from './observer.ts';
import { createRunner } from './runner.ts';

/** A stream of events, over as many connections as needed. */
export interface EventStream<T = unknown> extends AsyncIterable<SseEvent<T>, undefined, undefined> {
  /** The URL of the current or the last attempt, without a token or ticket. */
  readonly url: string;
  readonly state: StreamState;
  /**
   * The ID of the last event that every subscriber is done with, to resume from elsewhere; `''` if there was none. While an iterator has
   * unread events, it is the ID of the last event that it returned.
   */
  readonly lastEventId: string;
  /**
   * Subscribes, and opens the stream if nobody had. If the stream has ended, the subscriber's callbacks for the end are called at once.
   *
   * @returns a function that unsubscribes; the stream closes when its last subscriber does.
   */
  subscribe(observer: StreamObserver<T>): () => void;
  /**
   * Starts an attempt at once: it cuts a wait short, repeats an attempt, or replaces an open connection at its position. Works in every state
   * but `idle` and `closed`. A request with a method that is not idempotent is sent again.
   */
  reconnect(): void;
  /** Ends the stream for everybody. Idempotent; `complete` and `error` are not called. */
  close(): void;
  /**
   * The events as an iterator with its own queue. Leaving the loop unsubscribes, and `lastEventId` is then the ID of the last event that the loop
   * had. A stream that fails throws its error; one that completes or is closed ends the loop.
   *
   * @example
   * ```ts
   * for await (const { data } of stream.events({ onGap: () => reload() })) show(data);
   * ```
   * @throws {InvalidOptionError} if `maxQueuedEvents` is less than 1.
   */
  events(options?: EventIteratorOptions): AsyncIterableIterator<SseEvent<T>, undefined, undefined>;
  /** As `events()` with its defaults. */
  [Symbol.asyncIterator](): AsyncIterableIterator<SseEvent<T>, undefined, undefined>;
}

/**
 * Creates a stream of server-sent events over `fetch`. Nothing is requested before the first subscriber.
 *
 * @param url absolute, or relative to the page. A function is called at every attempt with the last event ID.
 * @example
 * ```ts
 * const stream = createEventStream<Notice>('https://api.contoso.example/notices', { accessToken: () => currentToken() });
 * for await (const { data } of stream) show(data);
 * ```
 * @throws {InvalidOptionError} if an option cannot work.
 */
export function createEventStream<T = unknown>(url: StreamUrl, options: EventStreamOptions<T> = {}): EventStream<T> {
  const settings = resolveOptions(url, options);
  const { signal } = options;
  const iterators = new Set<EventIterator<T>>();

  const close = (): void => runner.dispatch({ type: 'close' });
  const runner = createRunner(settings, () => signal?.removeEventListener('abort', close));
  if (signal?.aborted === true) close();
  else signal?.addEventListener('abort', close);

  const subscribe = (observer: StreamObserver<T>): (() => void) => {
    // For callers without types: an observer that is not one would fail every later subscriber.
    if (typeof observer !== 'object' || (observer as unknown) === null) {
      throw new InvalidOptionError('subscribe() takes an object such as { next: (event) => … }.');
    }
    const { delivery, state } = runner;
    if (state.status === 'closed') {
      delivery.tellEnd(observer, state);
      return () => undefined;
    }
    for (const iterator of iterators) iterator.joined();
    const subscription = delivery.add(observer);
    runner.dispatch({ type: 'subscribe' });
    return () => {
      if (subscription.status === 'ended') return;
      delivery.remove(subscription);
      if (delivery.size === 0) close();
    };
  };

  const events = (iteratorOptions: EventIteratorOptions = {}): EventIterator<T> => {
    const { delivery } = runner;
    const iterator = new EventIterator<T>(
      {
        get position() {
          return delivery.position;
        },
        get subscribers() {
          return delivery.size;
        },
        subscribe: (observer) => {
          iterators.add(iterator);
          return subscribe(observer);
        },
        done: (unread) => {
          iterators.delete(iterator);
          // Where the last one leaves, a new stream continues: unread events are not lost, even if the stream has ended meanwhile.
          const others = delivery.size - (iterator.isSubscribed ? 1 : 0);
          if (unread === undefined) return;
          if (others === 0 || runner.state.status === 'closed') delivery.position = unread;
        },
        pause: (ready) => delivery.pause(ready),
        nextTurn: (callback) => settings.runtime.setTimer(callback, 0),
        reportError: settings.runtime.reportError,
      },
      iteratorOptions,
    );
    return iterator;
  };

  return {
    get url() {
      return runner.url;
    },
    get state() {
      return runner.state;
    },
    get lastEventId() {
      // All iterators read the same events: the one with most of them unread is the furthest behind.
      let { position } = runner.delivery;
      let unread = 0;
      for (const { queued, lastEventId } of iterators) {
        if (queued <= unread) continue;
        unread = queued;
        position = lastEventId;
      }
      return position;
    },
    subscribe,
    reconnect: () => runner.dispatch({ type: 'reconnect' }),
    close,
    events,
    [Symbol.asyncIterator]: () => events(),
  };
}
