import type { SseError } from '../errors.ts';
import type { Gap, SseEvent } from '../event.ts';
import { isThenable } from '../options/index.ts';
import type { StreamState } from '../stream-state.ts';

/** A subscriber of a stream. Every member is optional. What a callback throws is reported by `reportError` and never ends the stream. */
export interface StreamObserver<T> {
  /** Called for each event. If it returns a promise, nothing more is delivered until that settles: back-pressure that reaches the server. */
  next?(event: SseEvent<T>): unknown;
  /** The stream failed. Nothing follows. */
  error?(error: SseError): void;
  /** The server completed the stream. Nothing follows. */
  complete?(): void;
  /**
   * Events were lost that the server's log no longer holds (PROTOCOL 5.3). The events that it holds follow.
   *
   * @param lastEventId the position after the gap.
   */
  gap?(gap: Gap, lastEventId: string): void;
  /** The stream moved to another state. */
  state?(state: StreamState): void;
  /** The stream continues on another connection, without a pause (PROTOCOL 9). */
  rotate?(): void;
  /** The position moved: past an event after its delivery, or to where a connection began (PROTOCOL 4.3). */
  position?(lastEventId: string): void;
}

/** What happened to a stream, for its subscribers. */
export type Notification =
  | { readonly kind: 'state'; readonly state: StreamState }
  | { readonly kind: 'gap'; readonly gap: Gap; readonly lastEventId: string }
  | { readonly kind: 'position'; readonly lastEventId: string }
  | { readonly kind: 'rotate' };

/** One subscription: a wrapper, so that the same observer can subscribe twice. */
export interface Subscription<T> {
  readonly observer: StreamObserver<T>;
  /** `'ended'` after the end of the stream or an unsubscribe: nothing follows. */
  status: 'active' | 'ended';
  /** Ends the wait for the promise that its `next` returned. */
  release?: () => void;
}

/**
 * Tells one subscriber what happened, and the end exactly once: it may have unsubscribed in its own `state` callback.
 *
 * @param reportError receives what the subscriber throws.
 */
export function tell<T>(
  subscription: Subscription<T>,
  notification: Notification,
  reportError: (error: unknown) => void,
): void {
  const { observer } = subscription;
  const call = (callback: () => unknown): void => {
    if (subscription.status === 'ended') return;
    try {
      const answer = callback();
      // An asynchronous callback is not waited for, but its rejection is an exception too.
      if (isThenable(answer)) Promise.resolve(answer).catch(reportError);
    } catch (error) {
      reportError(error);
    }
  };
  switch (notification.kind) {
    case 'gap': {
      call(() => observer.gap?.(notification.gap, notification.lastEventId));
      return;
    }
    case 'position': {
      call(() => observer.position?.(notification.lastEventId));
      return;
    }
    case 'rotate': {
      call(() => observer.rotate?.());
      return;
    }
    case 'state': {
      const { state } = notification;
      call(() => observer.state?.(state));
      if (state.status !== 'closed') return;
      call(() => {
        subscription.status = 'ended';
        if (state.reason === 'completed') return observer.complete?.();
        return state.reason === 'failed' ? observer.error?.(state.error) : undefined;
      });
    }
  }
}
