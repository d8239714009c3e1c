import type { EventStream } from '@sillage/client';
import type { Chance } from './chance.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What one subscriber of a topic has received, checked as it comes. */
export interface Observer {
  readonly topic: string;
  readonly stream: EventStream<number>;
  readonly last: number;
  readonly faults: readonly string[];
  readonly gaps: number;
  /** The state that the stream is in, and its error. */
  state(): string;
  stop(): void;
}

/** How a subscriber behaves. */
export type Manner = 'quick' | 'slow' | 'throwing' | 'reentrant';

/**
 * Subscribes and checks: each event of the topic at most once, in order, and none missing but where a gap was reported. Events are numbered per topic.
 *
 * @param published the number of the last event of the topic.
 */
export function observe(
  stream: EventStream<number>,
  topic: string,
  { time, chance, manner, published }: { time: VirtualTime; chance: Chance; manner: Manner; published: () => number },
): Observer {
  const faults: string[] = [];
  let last: number | undefined;
  let gaps = 0;
  let excused = 0;
  const began = published();
  const stop = stream.subscribe({
    next: ({ data }) => {
      if (data > published()) faults.push(`${topic}: received ${data}, which was not published.`);
      if (last === undefined) {
        if (data <= began) faults.push(`${topic}: received ${data} from before it subscribed.`);
      } else if (data <= last) faults.push(`${topic}: received ${data} after ${last}.`);
      else if (data !== last + 1 && excused === gaps)
        faults.push(`${topic}: received ${data} after ${last}, without a gap.`);
      last = data;
      excused = gaps;
      switch (manner) {
        case 'slow':
          return chance.happens(0.3)
            ? new Promise<void>((resolve) => time.setTimer(resolve, chance.between(1, 3_000)))
            : undefined;
        case 'throwing':
          if (chance.happens(0.2)) throw new Error('in the code of a subscriber');
          return undefined;
        case 'reentrant':
          if (chance.happens(0.02)) stream.reconnect();
          return undefined;
        case 'quick':
          return undefined;
      }
    },
    gap: () => void (gaps += 1),
  });
  return {
    topic,
    stream,
    get last() {
      return last ?? began;
    },
    faults,
    get gaps() {
      return gaps;
    },
    state: () => {
      const { state } = stream;
      return 'error' in state && state.error !== undefined ? `${state.status} (${state.error.message})` : state.status;
    },
    stop,
  };
}
