import { decodeData, type RawEvent } from '../options/index.ts';
import { InvalidOptionError, type SseError } from '../errors.ts';
import type { Gap, SseEvent } from '../event.ts';
import { resolveOptions, type EventStreamOptions } from '../options/index.ts';
import { followStream } from './stream-loop.ts';
import type { StreamState } from '../stream-state.ts';

/** Who listens to a stream. Every part is optional; what one throws is reported as its own, and never ends the stream. */
export interface StreamObserver<T> {
  /** Each event. Where it answers with a promise, nothing more is read until that resolves: back-pressure that reaches the server. */
  next?(event: SseEvent<T>): unknown;
  /** The stream failed. Nothing follows. */
  error?(error: SseError): void;
  /** The server completed the stream. Nothing follows. */
  complete?(): void;
  /** Events were lost that the server's log no longer holds (PROTOCOL 5.3). What it holds follows. */
  gap?(gap: Gap): void;
  /** The stream moved to another state. */
  state?(state: StreamState): void;
  /** The place to resume from has moved: past an event, once it was delivered, or to where a connection began (PROTOCOL 4.3). */
  place?(lastEventId: string): void;
}

/** A stream of events, over as many connections as it takes. */
export interface EventStream<T = unknown> extends AsyncIterable<SseEvent<T>> {
  readonly url: string;
  readonly state: StreamState;
  /** The ID of the last event delivered, to resume from elsewhere; `''` where there was none. */
  readonly lastEventId: string;
  /** Listens, and opens the stream if nobody did. Returns the way to stop, which closes the stream when nobody is left. */
  subscribe(observer: StreamObserver<T>): () => void;
  /** Cuts a wait short: the next attempt begins at once. Does nothing where there is no wait. */
  reconnect(): void;
  /** Ends the stream for everybody. Idempotent; `complete` and `error` are not called. */
  close(): void;
  /** Events as they come. Leaving the loop stops listening; a failed stream throws its error. */
  [Symbol.asyncIterator](): AsyncIterator<SseEvent<T>, void>;
}

/**
 * Creates a stream of server-sent events over `fetch`. Nothing is requested until somebody listens.
 *
 * @example
 * ```ts
 * const stream = createEventStream<Notice>('https://api.contoso.example/notices', { accessToken: () => currentToken() });
 * for await (const { data } of stream) show(data);
 * ```
 * @throws {InvalidOptionError} where an option cannot work.
 */
export function createEventStream<T = unknown>(url: string | URL, options: EventStreamOptions<T> = {}): EventStream<T> {
  const settings = resolveOptions(url, options);
  const { runtime } = settings;
  const controller = new AbortController();
  const observers = new Set<StreamObserver<T>>();
  const wakeListeners = new Set<() => void>();
  let state: StreamState = { status: 'idle' };
  let { lastEventId } = settings;
  let stopWaking: () => void = () => undefined;

  /** Calls a consumer. What it throws is its own error: taken for a failure of the network, it would only bring the event again. */
  const guard = (call: () => void): void => {
    try {
      call();
    } catch (error) {
      runtime.reportError(error);
    }
  };

  const setState = (next: StreamState): void => {
    state = next;
    for (const observer of [...observers]) guard(() => observer.state?.(next));
  };

  const emit = (event: SseEvent<T>): undefined | Promise<void> => {
    const slow: Promise<unknown>[] = [];
    for (const observer of [...observers]) {
      guard(() => {
        const answer = observer.next?.(event);
        if (answer instanceof Promise) slow.push(answer.catch(runtime.reportError));
      });
    }
    return slow.length === 0 ? undefined : Promise.all(slow).then(() => undefined);
  };

  const port = {
    get lastEventId() {
      return lastEventId;
    },
    set lastEventId(id) {
      if (id === lastEventId) return;
      lastEventId = id;
      for (const observer of [...observers]) guard(() => observer.place?.(id));
    },
    deliver: (raw: RawEvent): undefined | Promise<void> => {
      const data = decodeData(raw, settings.decode);
      if (data instanceof Promise) return data.then((decoded) => emit({ id: raw.id, type: raw.type, data: decoded }));
      return emit({ id: raw.id, type: raw.type, data });
    },
    tellGap: (gap: Gap): void => {
      for (const observer of [...observers]) guard(() => observer.gap?.(gap));
    },
    setState,
    onWake: (listener: () => void): (() => void) => {
      wakeListeners.add(listener);
      return () => wakeListeners.delete(listener);
    },
  };

  const wake = (): void => {
    for (const listener of [...wakeListeners]) listener();
  };

  const finish = (end: StreamState & { status: 'closed' }): void => {
    if (state.status === 'closed') return;
    stopWaking();
    options.signal?.removeEventListener('abort', close);
    controller.abort();
    setState(end);
    const last = [...observers];
    observers.clear();
    for (const observer of last) {
      if (end.reason === 'completed') guard(() => observer.complete?.());
      if (end.reason === 'failed') guard(() => observer.error?.(end.error));
    }
  };

  const close = (): void => finish({ status: 'closed', reason: 'closed' });

  const open = async (): Promise<void> => {
    stopWaking = runtime.lifecycle.onWake(wake);
    const ending = await followStream(settings, port, controller.signal);
    if (ending === 'closed') close();
    else if (ending === 'completed') finish({ status: 'closed', reason: 'completed' });
    else finish({ status: 'closed', reason: 'failed', error: ending });
  };

  if (options.signal?.aborted === true) close();
  else options.signal?.addEventListener('abort', close);

  const stream: EventStream<T> = {
    url: settings.url.href,
    get state() {
      return state;
    },
    get lastEventId() {
      return lastEventId;
    },
    subscribe(observer) {
      if (state.status === 'closed') {
        throw new InvalidOptionError("The stream is closed: create another, with this one's lastEventId to resume.");
      }
      // A listener of its own, so that the same object can listen twice, and stopping one does not stop the other.
      const own: StreamObserver<T> = { ...bind(observer) };
      observers.add(own);
      if (state.status === 'idle') open().catch(runtime.reportError);
      return () => {
        if (observers.delete(own) && observers.size === 0) close();
      };
    },
    reconnect: wake,
    close,
    async *[Symbol.asyncIterator]() {
      // One event in hand at a time: the next is read when the loop's body has done with this one.
      const hand: { event: SseEvent<T> | null; release: () => void; arrived: () => void } = {
        event: null,
        release: () => undefined,
        arrived: () => undefined,
      };
      const stop = stream.subscribe({
        next: (event) =>
          new Promise<void>((resolve) => {
            hand.event = event;
            hand.release = resolve;
            hand.arrived();
          }),
        state: (next) => {
          if (next.status === 'closed') hand.arrived();
        },
      });
      try {
        for (;;) {
          const { event } = hand;
          if (event !== null) {
            hand.event = null;
            yield event;
            hand.release();
            continue;
          }
          if (state.status === 'closed') {
            if (state.reason === 'failed') throw state.error;
            return;
          }
          await new Promise<void>((resolve) => (hand.arrived = resolve));
        }
      } finally {
        hand.release();
        stop();
      }
    },
  };
  return stream;
}

/** Methods of a class instance are not its own properties: taking them by name keeps them, and keeps their `this`. */
function bind<T>(observer: StreamObserver<T>): StreamObserver<T> {
  return {
    next: (event) => observer.next?.(event),
    error: (error) => observer.error?.(error),
    complete: () => observer.complete?.(),
    gap: (gap) => observer.gap?.(gap),
    place: (id) => observer.place?.(id),
    state: (state) => observer.state?.(state),
  };
}
