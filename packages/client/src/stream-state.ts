import type { SseError } from './errors.ts';

/** Where a stream is. Times are ms since the epoch. */
export type StreamState =
  /** Nobody listens yet. */
  | { readonly status: 'idle' }
  /** A token is being asked for, or a response awaited. `attempt` is 1 for the first since things last went well. */
  | { readonly status: 'connecting'; readonly attempt: number }
  /** Events arrive as they are published. */
  | { readonly status: 'open'; readonly since: number }
  /** The next attempt begins at `retryAt`. `error` is why the last one ended. */
  | { readonly status: 'waiting'; readonly retryAt: number; readonly attempt: number; readonly error: SseError | null }
  /** The browser has no network; an attempt begins when it has. */
  | { readonly status: 'offline' }
  /** A token can only be had with a person's help. Nothing is opened by itself. */
  | { readonly status: 'interaction-required'; readonly error: SseError }
  /** The end. `error` where the stream failed; `reason` tells the server's `complete` from the consumer's `close()`. */
  | { readonly status: 'closed'; readonly reason: 'completed' | 'closed' }
  | { readonly status: 'closed'; readonly reason: 'failed'; readonly error: SseError };
