import { encodeEvent, joinBlocks } from '../events/index.ts';
import type { SessionTransport, TransportWatcher } from '../http/index.ts';
import type { Session } from '../sessions/index.ts';

/** What the carrier needs of the session of the multiplexed connection. */
type CarrierSession = Pick<Session, 'isEnded' | 'unsentBytes' | 'write' | 'drained' | 'whenEnded'>;

/**
 * One multiplexed connection (PROTOCOL 10): it carries the responses of several streams. The parts of one turn of the event loop share a write,
 * and the events in them are the buffers that other sessions get too.
 */
export class Carrier {
  readonly #session: CarrierSession;
  readonly #transports = new Set<CarriedTransport>();
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #isWaiting = false;

  constructor(session: CarrierSession) {
    this.#session = session;
    session.whenEnded(() => {
      for (const transport of [...this.#transports]) transport.close();
    });
  }

  get isEnded(): boolean {
    return this.#session.isEnded;
  }

  get unsentBytes(): number {
    return this.#pendingBytes + this.#session.unsentBytes;
  }

  /** The response of one stream. */
  carry(key: string): SessionTransport {
    const transport = new CarriedTransport(this, key);
    this.#transports.add(transport);
    return transport;
  }

  forget(transport: CarriedTransport): void {
    this.#transports.delete(transport);
  }

  sendHead(key: string, status: number, headers: Readonly<Record<string, string>>): void {
    this.#send(encodeEvent({ type: 'head', data: JSON.stringify({ key, status, headers }) }));
  }

  sendPart(key: string, bytes: Uint8Array): void {
    this.#send(encodeEvent({ type: 'part', data: `${key} ${bytes.byteLength}` }));
    this.#send(bytes);
  }

  sendEnd(key: string): void {
    this.#send(encodeEvent({ type: 'end', data: key }));
  }

  /** Calls every transport's watcher once the connection has taken what waits. */
  awaitDrain(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    void Promise.resolve()
      .then(() => this.#session.drained())
      .then(() => {
        this.#isWaiting = false;
        for (const transport of [...this.#transports]) transport.drain();
      });
  }

  #send(bytes: Uint8Array): void {
    if (this.#pending.length === 0) queueMicrotask(() => this.#flush());
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.byteLength;
  }

  #flush(): void {
    const pending = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#session.write(joinBlocks(pending));
  }
}

/** The headers that concern the stream, and not the connection. */
function ownHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !/^(access-control-.*|cache-control|vary|x-accel-buffering)$/i.test(name),
    ),
  );
}

/** More than this waits for the connection only if one event is larger. */
const highWaterBytes = 65_536;

/** The response of one stream on a multiplexed connection. */
class CarriedTransport implements SessionTransport {
  /** Heartbeats and requests to rotate concern the connection. */
  readonly isCarried = true;
  readonly #carrier: Carrier;
  readonly #key: string;
  #watcher: TransportWatcher | undefined;
  #state: 'new' | 'started' | 'closed' = 'new';
  #isFull = false;

  constructor(carrier: Carrier, key: string) {
    this.#carrier = carrier;
    this.#key = key;
  }

  get isClosed(): boolean {
    return this.#state === 'closed' || this.#carrier.isEnded;
  }

  get unsentBytes(): number {
    return this.#carrier.unsentBytes;
  }

  start(status: number, headers: Readonly<Record<string, string>>, body?: Uint8Array): void {
    if (this.isClosed || this.#state === 'started') return;
    this.#state = 'started';
    this.#carrier.sendHead(this.#key, status, ownHeaders(headers));
    if (body !== undefined) this.write(body);
  }

  write(bytes: Uint8Array): boolean {
    if (this.isClosed) return false;
    this.#carrier.sendPart(this.#key, bytes);
    this.#isFull = this.#carrier.unsentBytes > highWaterBytes;
    if (this.#isFull) this.#carrier.awaitDrain();
    return !this.#isFull;
  }

  end(): void {
    if (this.isClosed) return;
    this.#carrier.sendEnd(this.#key);
    this.close();
  }

  destroy(): void {
    this.end();
  }

  watch(watcher: TransportWatcher | undefined): void {
    this.#watcher = watcher;
  }

  /** The response is over. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#carrier.forget(this);
    this.#watcher?.onClose();
  }

  drain(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    this.#watcher?.onDrain();
  }
}
