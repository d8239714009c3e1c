import { parseEventStream } from '../events/event-stream.fixture.ts';
import type { ParsedEvent } from '../events/event-stream.fixture.ts';
import type { SubscriptionSink } from './subscription-sink.ts';

export interface MemorySink extends SubscriptionSink {
  events(): ParsedEvent[];
  /** The sequences of the events that were dispatched: without blocks that have no data. */
  sequences(): number[];
  writeCount(): number;
  /** The buffers as they came, to see which are shared. */
  readonly buffers: Uint8Array[];
  /** Whether live events may be written. */
  isFull: boolean;
  leave(): void;
  ended: { reason: string; cause: unknown } | undefined;
}

/** @param drain How long the sink takes for a page. @default at once */
export function createMemorySink(drain: () => Promise<void> = () => Promise.resolve()): MemorySink {
  const buffers: Uint8Array[] = [];
  const decoder = new TextDecoder();
  let isEnded = false;
  let onEnded: (() => void) | undefined;
  const finish = (): void => {
    isEnded = true;
    onEnded?.();
  };
  return {
    get isEnded() {
      return isEnded;
    },
    whenEnded(listener) {
      if (isEnded) listener();
      else onEnded = listener;
    },
    buffers,
    ended: undefined,
    isFull: false,
    hasRoom() {
      return !this.isFull;
    },
    write: (bytes) => void buffers.push(bytes),
    drained: drain,
    end(reason, cause) {
      this.ended = { reason, cause };
      finish();
    },
    events: () => parseEventStream(buffers.map((bytes) => decoder.decode(bytes)).join('')),
    sequences() {
      const dispatched = this.events().filter(({ data, type }) => data !== undefined && type !== 'gap');
      return dispatched.map(({ id = '' }) => Number(id.split('-')[1]));
    },
    writeCount: () => buffers.length,
    leave: finish,
  };
}
