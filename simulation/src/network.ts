import type { EndpointRequest, Exchange, SessionTransport, TransportWatcher } from '@sillage/server';
import type { Chance } from './chance.ts';
import type { VirtualTime } from './virtual-time.ts';

/** The server that a request reaches; `undefined` refuses the connection. */
type Route = (exchange: Exchange, pathname: string) => Promise<unknown>;

/** A network between clients and servers, which the adversary can disturb. */
export interface Network {
  readonly fetch: typeof globalThis.fetch;
  /** Where requests go. */
  route: Route | undefined;
  /** Connections that are open or half open. */
  readonly openCount: number;
  /** Cuts connections, each after a random number of the bytes that are on their way. */
  cut(probability: number): void;
  /** Connections that transport nothing more, without an end. */
  silence(probability: number): void;
}

/** The longest time that anything takes from one end to the other. */
const maxLatencyMs = 200;

export function createNetwork(time: VirtualTime, chance: Chance): Network {
  const links = new Set<Link>();
  const network: Network = {
    route: undefined,
    get openCount() {
      return links.size;
    },
    cut(probability) {
      for (const link of [...links]) if (chance.happens(probability)) link.cut();
    },
    silence(probability) {
      for (const link of [...links]) if (chance.happens(probability)) link.isSilent = true;
    },
    fetch: (input, init = {}) =>
      new Promise((resolve, reject) => {
        const url = new URL(input as string);
        const link = new Link(time, chance, { resolve, reject }, () => links.delete(link));
        links.add(link);
        init.signal?.addEventListener('abort', () => link.abort(init.signal?.reason));
        time.setTimer(
          () => {
            if (link.isOver) return;
            if (network.route === undefined) {
              link.cut();
              return;
            }
            const request = readRequest(url, init);
            const readJson = (): Promise<unknown> => Promise.resolve(JSON.parse(init.body as string));
            void network.route({ request, native: request, transport: link, readJson }, url.pathname);
          },
          chance.between(1, maxLatencyMs),
        );
      }),
  };
  return network;
}

function readRequest(url: URL, init: RequestInit): EndpointRequest {
  const headers = new Headers(init.headers);
  return {
    method: init.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    header: (name) => headers.get(name) ?? undefined,
  };
}

/** One request and its response. */
class Link implements SessionTransport {
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #settle: { resolve: (response: Response) => void; reject: (error: unknown) => void };
  readonly #onOver: () => void;
  #watcher: TransportWatcher | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #lastAt = 0;
  #isStarted = false;
  #clientOver = false;
  #serverOver = false;
  isSilent = false;
  unsentBytes = 0;

  constructor(
    time: VirtualTime,
    chance: Chance,
    settle: { resolve: (response: Response) => void; reject: (error: unknown) => void },
    onOver: () => void,
  ) {
    this.#time = time;
    this.#chance = chance;
    this.#settle = settle;
    this.#onOver = onOver;
  }

  get isOver(): boolean {
    return this.#clientOver && this.#serverOver;
  }

  get isClosed(): boolean {
    return this.#serverOver;
  }

  start(status: number, headers: Readonly<Record<string, string>>, body?: Uint8Array): void {
    if (this.#serverOver || this.#isStarted) return;
    this.#isStarted = true;
    this.#later(0, () => {
      const stream = new ReadableStream<Uint8Array>({
        start: (controller) => void (this.#controller = controller),
        cancel: () => this.abort(undefined),
      });
      const hasBody = status !== 204;
      this.#settle.resolve(new Response(hasBody ? stream : null, { status, headers }));
    });
    if (body !== undefined) this.write(body);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#serverOver) return false;
    this.unsentBytes += bytes.byteLength;
    // As a network does: the bytes arrive in pieces of any size.
    const at = this.#chance.between(0, bytes.byteLength);
    for (const piece of [bytes.subarray(0, at), bytes.subarray(at)]) {
      if (piece.byteLength === 0) continue;
      this.#later(piece.byteLength, () => this.#controller?.enqueue(piece));
    }
    return this.unsentBytes < 65_536;
  }

  end(): void {
    if (this.#serverOver) return;
    this.#serverOver = true;
    this.#later(0, () => {
      this.#finishClient(() => this.#controller?.close());
      this.#watcher?.onClose();
    });
  }

  destroy(): void {
    this.cut();
  }

  watch(watcher: TransportWatcher | undefined): void {
    this.#watcher = watcher;
  }

  /** The client gives up. The server learns of it later. */
  abort(reason: unknown): void {
    if (this.#clientOver) return;
    this.#finishClient(() => {
      if (this.#controller === undefined) this.#settle.reject(reason);
      else {
        try {
          this.#controller.error(reason);
        } catch {
          // Cancelled by its reader.
        }
      }
    });
    this.#time.setTimer(() => this.#finishServer(), this.#chance.between(1, maxLatencyMs));
  }

  cut(): void {
    const error = new TypeError('The connection was cut.');
    this.#finishClient(() => {
      if (this.#controller === undefined) this.#settle.reject(error);
      else this.#controller.error(error);
    });
    this.#finishServer();
  }

  #later(bytes: number, deliver: () => void): void {
    this.#lastAt = Math.max(this.#lastAt, this.#time.nowMs + this.#chance.between(0, maxLatencyMs / 4));
    this.#time.setTimer(() => {
      if (this.isSilent) return;
      this.unsentBytes -= bytes;
      if (!this.#clientOver) deliver();
      if (this.unsentBytes === 0 && bytes > 0 && !this.#serverOver) this.#watcher?.onDrain();
    }, this.#lastAt - this.#time.nowMs);
  }

  #finishClient(finish: () => void): void {
    if (this.#clientOver) return;
    this.#clientOver = true;
    finish();
    this.#controller = undefined;
    if (this.#serverOver) this.#onOver();
  }

  #finishServer(): void {
    if (!this.#serverOver) {
      this.#serverOver = true;
      this.#watcher?.onClose();
    }
    if (this.#clientOver) this.#onOver();
  }
}
