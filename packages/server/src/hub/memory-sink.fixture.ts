import { parseEventStream } from '../events/event-stream.fixture.ts';
import type { ParsedEvent } from '../events/event-stream.fixture.ts';
import type { SubscriptionSink } from './event-sender.ts';

export interface MemorySink extends SubscriptionSink {
  events(): ParsedEvent[];
  /** The sequences of the events that were dispatched: without blocks that have no data. */
  sequences(): number[];
  writeCount(): number;
  /** The buffers as they came, to see which are shared. */
  readonly buffers: Uint8Array[];
  leave(): void;
  ended: { reason: string; cause: unknown } | undefined;
}

/** @param drain How long the sink takes for a page. At once, unless it is told. */
export function createMemorySink(drain: () => Promise<void> = () => Promise.resolve()): MemorySink {
  const controller = new AbortController();
  const buffers: Uint8Array[] = [];
  const decoder = new TextDecoder();
  return {
    signal: controller.signal,
    buffers,
    ended: undefined,
    write: (bytes) => void buffers.push(bytes),
    drained: drain,
    end(reason, cause) {
      this.ended = { reason, cause };
      controller.abort();
    },
    events: () => parseEventStream(buffers.map((bytes) => decoder.decode(bytes)).join('')),
    sequences() {
      const dispatched = this.events().filter(({ data, type }) => data !== undefined && type !== 'gap');
      return dispatched.map(({ id = '' }) => Number(id.split('-')[1]));
    },
    writeCount: () => buffers.length,
    leave: () => controller.abort(),
  };
}
