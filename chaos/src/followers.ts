import { createEventStream } from '@sillage/client';
import type { EventStream } from '@sillage/client';
import type { Received } from './ledger.ts';

/** A client that follows some topics, and writes down what it receives. */
export interface Follower {
  readonly topics: readonly string[];
  readonly received: Received[];
  readonly stream: EventStream<number>;
  /** The longest time without a connection in the state `open`, in ms. */
  readonly longestPauseMs: number;
}

export function follow(url: string, user: string, topics: readonly string[], onEvent: () => void): Follower {
  const received: Received[] = [];
  let pausedAt: number | undefined;
  let longestPauseMs = 0;
  const stream = createEventStream<number>(`${url}/events?topics=${topics.join(',')}`, {
    accessToken: () => user,
    reconnect: { baseDelayMs: 200, maxDelayMs: 2_000 },
    connectTimeoutMs: 5_000,
  });
  stream.subscribe({
    next({ type, data, id }) {
      received.push({ kind: 'event', topic: type, number: data, id });
      onEvent();
    },
    gap: () => void received.push({ kind: 'gap' }),
    state({ status }) {
      if (status === 'open') {
        if (pausedAt !== undefined) longestPauseMs = Math.max(longestPauseMs, performance.now() - pausedAt);
        pausedAt = undefined;
      } else pausedAt ??= performance.now();
    },
  });
  return {
    topics,
    received,
    stream,
    get longestPauseMs() {
      return longestPauseMs;
    },
  };
}
