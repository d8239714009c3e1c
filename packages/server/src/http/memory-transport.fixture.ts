import { parseEventStream } from '../events/event-stream.fixture.ts';
import type { ParsedEvent } from '../events/event-stream.fixture.ts';
import type { EndpointRequest, Exchange, SessionTransport, TransportWatcher } from './session-transport.ts';

export interface MemoryTransport extends SessionTransport {
  status: number | undefined;
  headers: Readonly<Record<string, string>>;
  state: 'open' | 'ended' | 'destroyed' | 'left';
  /** Whether the client takes what is written. */
  isReading: boolean;
  /** Whether somebody still watches the response. */
  readonly isWatched: boolean;
  writeCount: number;
  text(): string;
  events(): ParsedEvent[];
  /** The client takes some of the bytes that wait. By default all. */
  drain(bytes?: number): void;
  /** The client goes away. */
  leave(): void;
}

const HIGH_WATER_MARK = 16_384;

export function createMemoryTransport(): MemoryTransport {
  let watcher: TransportWatcher | undefined;
  const decoder = new TextDecoder();
  let text = '';
  let unsentBytes = 0;
  function finish(transport: MemoryTransport, state: MemoryTransport['state']): void {
    transport.state = state;
    watcher?.onClose();
  }
  return {
    status: undefined,
    headers: {},
    state: 'open',
    isReading: true,
    writeCount: 0,
    get isClosed() {
      return this.state === 'left' || this.state === 'destroyed' || (this.state === 'ended' && unsentBytes === 0);
    },
    get unsentBytes() {
      return unsentBytes;
    },
    get isWatched() {
      return watcher !== undefined;
    },
    start(status, headers, body) {
      if (this.state !== 'open') return;
      this.status = status;
      this.headers = headers;
      if (body !== undefined) this.write(body);
    },
    write(bytes) {
      if (this.state !== 'open') return false;
      this.writeCount += 1;
      text += decoder.decode(bytes, { stream: true });
      if (!this.isReading) unsentBytes += bytes.byteLength;
      return unsentBytes < HIGH_WATER_MARK;
    },
    end() {
      if (this.state !== 'open') return;
      this.state = 'ended';
      if (unsentBytes === 0) finish(this, 'ended');
    },
    destroy() {
      if (this.state !== 'left') finish(this, 'destroyed');
    },
    watch(next) {
      watcher = next;
    },
    text: () => text,
    events: () => parseEventStream(text),
    drain(bytes = unsentBytes) {
      unsentBytes -= Math.min(bytes, unsentBytes);
      if (unsentBytes > 0) return;
      watcher?.onDrain();
      if (this.state === 'ended') finish(this, 'ended');
    },
    leave() {
      finish(this, 'left');
    },
  };
}

export interface MemoryExchange extends Exchange<EndpointRequest> {
  readonly transport: MemoryTransport;
}

export function createMemoryExchange(
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
  query = '',
): MemoryExchange {
  const request = {
    method,
    path: '/events',
    query: new URLSearchParams(query),
    header: (name: string) => headers[name],
  };
  return { request, native: request, transport: createMemoryTransport() };
}
