import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EndpointRequest, Exchange, SessionTransport, TransportWatcher } from '../http/index.ts';

export { drainOnSignal } from './drain-on-signal.ts';
export type { DrainOnSignalOptions } from './drain-on-signal.ts';

/** What frameworks on `node:http` add to a request. */
interface MountedRequest extends IncomingMessage {
  /** The URL before a router removed its mount path. */
  readonly originalUrl?: string;
}

/**
 * Makes an exchange of a request and response of `node:http`.
 *
 * @example createServer((request, response) => void endpoint.stream(createNodeExchange(request, response), { topics: ['news'] }))
 */
export function createNodeExchange<Native extends IncomingMessage>(
  native: Native,
  response: ServerResponse,
): Exchange<Native> {
  return {
    native,
    request: readNodeRequest(native),
    transport: new NodeTransport(native, response),
    readJson: (maxBytes) => readJson(native, maxBytes),
  };
}

export function readNodeRequest(native: IncomingMessage): EndpointRequest {
  return new NodeRequest(native);
}

/** The body as JSON: as a body parser has left it on the request, or read here. */
async function readJson(native: IncomingMessage & { readonly body?: unknown }, maxBytes: number): Promise<unknown> {
  if (native.body !== undefined) return native.body;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // Not destroyed by leaving the loop: the connection still has to carry the refusal.
    for await (const chunk of native.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) break;
      chunks.push(chunk);
    }
    if (bytes <= maxBytes) return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  } catch {
    // Not JSON, or the client has left: the caller refuses it.
    return undefined;
  }
  // Discards the rest: many clients read no response before they have sent their request.
  native.resume();
  return 'too-large';
}

/** Parses nothing before it is asked for: a stream rarely looks at its query. */
class NodeRequest implements EndpointRequest {
  readonly #native: IncomingMessage;

  constructor(native: IncomingMessage) {
    this.#native = native;
  }

  get method(): string {
    return this.#native.method ?? 'GET';
  }

  get path(): string {
    const target = this.#target();
    const queryAt = target.indexOf('?');
    return queryAt === -1 ? target : target.slice(0, queryAt);
  }

  get query(): URLSearchParams {
    const target = this.#target();
    const queryAt = target.indexOf('?');
    return new URLSearchParams(queryAt === -1 ? '' : target.slice(queryAt));
  }

  header(name: string): string | undefined {
    const value = this.#native.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  #target(): string {
    const { originalUrl, url = '/' }: MountedRequest = this.#native;
    return originalUrl ?? url;
  }
}

/**
 * How much is handed to Node at a time. A write counts as unsent until its last byte has gone out, so a large one in one piece would
 * look like no progress for as long as a slow line takes for it. At 64 KiB in `stallMs` (one minute), a line of 9 kbit/s keeps up.
 */
const sliceBytes = 65_536;

/** The headers as a flat list, which Node writes as it is: as an object, it would keep a copy of them for each response. */
function withoutDuplicateVary(response: ServerResponse, headers: Readonly<Record<string, string>>): string[] {
  const list: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (name !== 'Vary') list.push(name, value);
  }
  const vary = headers.Vary;
  if (vary === undefined) return list;
  // Beside what the application varies by, and not twice.
  const existing = response.getHeader('Vary');
  if (existing === undefined) return [...list, 'Vary', vary];
  const varies = String(existing).toLowerCase().split(/, */);
  if (!varies.includes(vary.toLowerCase())) response.appendHeader('Vary', vary);
  return list;
}

/** A response that breaks reports it by `close` as well; without a listener, `error` would end the process. */
const ignoreError = (): void => undefined;

class NodeTransport implements SessionTransport {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #watcher: TransportWatcher | undefined;
  /** What Node was not given yet. */
  #queue: Uint8Array[] | undefined;
  #queuedBytes = 0;
  #isEnding = false;
  #hasDrainListener = false;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
    response.on('error', ignoreError);
    // Emitted once. Not `once`, which keeps three more objects for each response.
    response.on('close', () => this.#watcher?.onClose());
  }

  get isClosed(): boolean {
    const { destroyed, writableFinished } = this.#response;
    return destroyed || writableFinished || this.#request.socket.destroyed;
  }

  get unsentBytes(): number {
    return this.#queuedBytes + this.#response.writableLength;
  }

  start(status: number, headers: Readonly<Record<string, string>>, body?: Uint8Array): void {
    const response = this.#response;
    if (this.#isOver() || response.headersSent) return;
    if (this.#request.httpVersionMajor < 2) {
      const { socket } = this.#request;
      // An event is small, and waits for no other one. A stream may be silent for as long as it likes.
      socket.setNoDelay(true);
      socket.setTimeout(0);
      socket.setKeepAlive(true, 30_000);
    }
    response.writeHead(status, withoutDuplicateVary(response, headers));
    if (body === undefined) response.flushHeaders();
    else this.write(body);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isOver()) return false;
    if (this.#queue === undefined) return this.#send(bytes);
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.byteLength;
    return false;
  }

  end(): void {
    if (this.#isOver()) return;
    this.#isEnding = true;
    if (this.#queue === undefined) this.#response.end();
  }

  destroy(): void {
    this.#response.destroy();
  }

  watch(watcher: TransportWatcher | undefined): void {
    this.#watcher = watcher;
  }

  #isOver(): boolean {
    const { destroyed, writableEnded } = this.#response;
    return this.#isEnding || destroyed || writableEnded || this.#request.socket.destroyed;
  }

  /** Gives Node one slice after the other until it is full; the rest waits for `drain`. */
  #send(bytes: Uint8Array): boolean {
    for (let from = 0; from < bytes.byteLength; from += sliceBytes) {
      const to = from + sliceBytes;
      if (this.#response.write(from === 0 && to >= bytes.byteLength ? bytes : bytes.subarray(from, to))) continue;
      this.#awaitDrain(to < bytes.byteLength ? bytes.subarray(to) : undefined);
      return false;
    }
    return true;
  }

  #awaitDrain(rest: Uint8Array | undefined): void {
    this.#queue ??= [];
    if (rest !== undefined) {
      this.#queue.unshift(rest);
      this.#queuedBytes += rest.byteLength;
    }
    if (this.#hasDrainListener) return;
    this.#hasDrainListener = true;
    this.#response.on('drain', () => this.#drained());
  }

  #drained(): void {
    const queue = this.#queue ?? [];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      this.#queuedBytes -= next.byteLength;
      if (!this.#send(next)) return;
    }
    this.#queue = undefined;
    if (this.#isEnding) this.#response.end();
    else this.#watcher?.onDrain();
  }
}
