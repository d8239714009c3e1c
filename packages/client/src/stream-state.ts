import type { SseError } from './errors.ts';

/** The state of a stream. Times are in ms since the epoch. */
export type StreamState =
  /** Nobody has subscribed yet. */
  | { readonly status: 'idle' }
  /** The stream is getting a token or waiting for a response. `attempt` is 1 for the first attempt since the last stable connection. */
  | { readonly status: 'connecting'; readonly attempt: number }
  /** Events arrive as they are published. */
  | { readonly status: 'open'; readonly since: number }
  /** The next attempt begins at `retryAt`. `error` is why the last one ended. */
  | {
      readonly status: 'waiting';
      readonly retryAt: number;
      readonly attempt: number;
      readonly error: SseError | undefined;
    }
  /** The last attempt failed and the browser reports no network. The next attempt begins when it reports one, and now and then until then. */
  | { readonly status: 'offline' }
  /** A token requires user interaction. The stream does not start it. */
  | { readonly status: 'interaction-required'; readonly error: SseError }
  /** The end. `'completed'`: by the server. `'closed'`: by `close()`, the last unsubscribe, or the signal. */
  | { readonly status: 'closed'; readonly reason: 'completed' | 'closed' }
  /** The end: the stream failed with `error`. */
  | { readonly status: 'closed'; readonly reason: 'failed'; readonly error: SseError };
