import type { AttemptEnd, AttemptPort } from '../connection/index.ts';
import type { StreamSettings } from '../options/index.ts';

/** Everything that can happen to a stream, except its events: they go from the reader to the subscribers directly. */
export type Input =
  /** The first subscriber. */
  | { readonly type: 'subscribe' }
  /** `close()`, the last unsubscribe, or the signal. */
  | { readonly type: 'close' }
  /** `reconnect()`. */
  | { readonly type: 'reconnect' }
  /** The network is back, or the page returned from sleep, freeze or the back/forward cache. */
  | { readonly type: 'wake' }
  /** The time limit or the wait of the state is over. `connection`: whether bytes would have been seen (see `Attempt.activity`). */
  | { readonly type: 'due'; readonly connection: 'reading' | 'paused' }
  /** The token is there, and the request is sent. */
  | { readonly type: 'sent'; readonly generation: number }
  /** The response headers have arrived. */
  | { readonly type: 'answered'; readonly generation: number }
  /** The response is an event stream. */
  | {
      readonly type: 'opened';
      readonly generation: number;
      readonly connection: Parameters<AttemptPort<unknown>['opened']>[0];
    }
  /** Bytes arrived, after the machine asked to be told. */
  | { readonly type: 'bytes'; readonly generation: number }
  /** A successor brought its first event or position. */
  | { readonly type: 'live'; readonly generation: number }
  /** The server asked for a rotation (PROTOCOL 9.3). */
  | { readonly type: 'rotate'; readonly generation: number; readonly withinMs: number }
  /** The server sent `retry:`. */
  | { readonly type: 'retry'; readonly generation: number; readonly delayMs: number }
  /** The attempt or its connection ended. */
  | { readonly type: 'ended'; readonly generation: number; readonly end: AttemptEnd }
  /** The user interaction succeeded. */
  | { readonly type: 'settled'; readonly generation: number }
  /** The user interaction failed. */
  | { readonly type: 'abandoned'; readonly generation: number };

/** What a transition may look at, so that it is a pure function. */
export interface Context {
  /** Ms of the monotonic clock. */
  readonly nowMs: number;
  /** Ms since the epoch, only for the times that users see. */
  readonly wallMs: number;
  /** At least 0 and less than 1. */
  readonly random: number;
  readonly network: 'online' | 'offline';
  /** Whether the stream has a position to resume after. */
  readonly position: 'known' | 'unknown';
  readonly settings: Pick<StreamSettings<unknown>, 'policy' | 'stableAfterMs' | 'tokenTimeoutMs' | 'connectTimeoutMs'>;
}
