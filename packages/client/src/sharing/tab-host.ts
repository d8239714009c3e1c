import type { StreamRuntime } from '../options/index.ts';
import { createMultiplexer, type Multiplexer } from './multiplexer.ts';
import { maxUnreadBytes, type HostMessage, type TabMessage, type TabRequest } from './tab-messages.ts';

export interface TabHostOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly runtime: Pick<StreamRuntime, 'monotonicNow' | 'random' | 'setTimer'>;
}

/** How a host reaches one tab, and hears from it. */
export interface TabConnection {
  /** Nothing has come from the tab for a long time. */
  readonly isGone: boolean;
  receive(message: TabMessage): void;
  /** The tab has gone: ends its requests. */
  close(): void;
}

/** A tab that has sent nothing for this long is gone, or frozen. Browsers let timers of hidden pages run once a minute only. */
const leaseMs = 150_000;
const sweepMs = 30_000;

/**
 * Holds the connections of several tabs: in a SharedWorker, or in the tab that leads. The streams themselves stay in their tabs, with their positions
 * and tokens; what is shared is how their requests are sent.
 */
export class TabHost {
  readonly #options: TabHostOptions;
  readonly #multiplexers = new Map<string, Multiplexer>();
  readonly #tabs = new Set<ServedTab>();
  #cancelSweep: (() => void) | undefined;

  constructor(options: TabHostOptions) {
    this.#options = options;
  }

  /** How many connections to servers are open. */
  get connectionCount(): number {
    return [...this.#multiplexers.values()].reduce((count, { connectionCount }) => count + connectionCount, 0);
  }

  connect(post: (message: HostMessage) => void): TabConnection {
    const { monotonicNow } = this.#options.runtime;
    const tab = new ServedTab(post, monotonicNow, (request) => this.#multiplexerOf(request).fetch);
    this.#tabs.add(tab);
    this.#cancelSweep ??= this.#sweepLater();
    return {
      get isGone() {
        return tab.heardAtMs < monotonicNow() - leaseMs;
      },
      receive: (message) => {
        tab.receive(message);
        // After a goodbye it may return: from the back/forward cache, say.
        this.#tabs.add(tab);
        this.#cancelSweep ??= this.#sweepLater();
      },
      close: () => this.#remove(tab),
    };
  }

  /** Ends all requests without a word to their tabs, which look for another host. */
  close(): void {
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    for (const tab of this.#tabs) tab.abandon();
    this.#tabs.clear();
  }

  #remove(tab: ServedTab): void {
    tab.abandon();
    this.#tabs.delete(tab);
  }

  #multiplexerOf({ base, multiplexAt }: TabRequest): Multiplexer {
    const key = `${base} ${multiplexAt}`;
    let multiplexer = this.#multiplexers.get(key);
    if (multiplexer === undefined) {
      const { fetch, runtime } = this.#options;
      multiplexer = createMultiplexer(base, { multiplexAt, fetch, runtime });
      this.#multiplexers.set(key, multiplexer);
    }
    return multiplexer;
  }

  #sweepLater(): () => void {
    const { setTimer, monotonicNow } = this.#options.runtime;
    return setTimer(() => {
      this.#cancelSweep = undefined;
      const oldest = monotonicNow() - leaseMs;
      for (const tab of this.#tabs) if (tab.heardAtMs < oldest || tab.size === 0) this.#remove(tab);
      if (this.#tabs.size > 0) this.#cancelSweep = this.#sweepLater();
    }, sweepMs);
  }
}

/** The requests of one tab. */
class ServedTab {
  heardAtMs: number;
  readonly #post: (message: HostMessage) => void;
  readonly #monotonicNow: () => number;
  readonly #fetchFor: (request: TabRequest) => typeof globalThis.fetch;
  readonly #requests = new Map<number, RelayedRequest>();

  constructor(
    post: (message: HostMessage) => void,
    monotonicNow: () => number,
    fetchFor: (request: TabRequest) => typeof globalThis.fetch,
  ) {
    this.#post = post;
    this.#monotonicNow = monotonicNow;
    this.#fetchFor = fetchFor;
    this.heardAtMs = monotonicNow();
  }

  get size(): number {
    return this.#requests.size;
  }

  receive(message: TabMessage): void {
    this.heardAtMs = this.#monotonicNow();
    switch (message.type) {
      case 'open': {
        const { request } = message;
        const relayed = new RelayedRequest(request, this.#post);
        this.#requests.set(request.id, relayed);
        void relayed.run(this.#fetchFor(request)).finally(() => this.#requests.delete(request.id));
        return;
      }
      case 'cancel':
        this.#requests.get(message.id)?.abort();
        return;
      case 'taken':
        this.#requests.get(message.id)?.taken(message.bytes);
        return;
      case 'ping':
        this.#post({ type: 'pong' });
        return;
      case 'goodbye':
        this.abandon();
    }
  }

  abandon(): void {
    for (const request of this.#requests.values()) request.abort();
    this.#requests.clear();
  }
}

/** One request of a tab, whose response goes there in parts. */
class RelayedRequest {
  readonly #request: TabRequest;
  readonly #post: (message: HostMessage) => void;
  readonly #controller = new AbortController();
  #unreadBytes = 0;
  #resume: (() => void) | undefined;

  constructor(request: TabRequest, post: (message: HostMessage) => void) {
    this.#request = request;
    this.#post = post;
  }

  abort(): void {
    this.#controller.abort();
    this.#resume?.();
  }

  taken(bytes: number): void {
    this.#unreadBytes -= bytes;
    if (this.#unreadBytes < maxUnreadBytes) this.#resume?.();
  }

  /** Never rejects. */
  async run(fetch: typeof globalThis.fetch): Promise<void> {
    const { id, url, headers, init } = this.#request;
    const { signal } = this.#controller;
    try {
      const response = await fetch(url, { ...init, headers, signal });
      this.#post({ type: 'head', id, status: response.status, headers: Object.fromEntries(response.headers) });
      if (response.body !== null) await this.#relay(response.body.getReader());
      if (!signal.aborted) this.#post({ type: 'end', id });
    } catch (error) {
      if (signal.aborted) return;
      this.#post({ type: 'failed', id, message: error instanceof Error ? error.message : 'The request failed.' });
    }
  }

  /** What is not read waits where the multiplexer limits it. */
  async #relay(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const { signal } = this.#controller;
    const { id } = this.#request;
    let isWithinEvent = false;
    while (!signal.aborted) {
      const { done, value } = await reader.read();
      if (done) return;
      isWithinEvent = endsWithinEvent(value, isWithinEvent);
      this.#unreadBytes += value.byteLength;
      // A copy: what is sent to another realm takes its whole buffer with it, of which this may be a small part.
      this.#post({ type: 'part', id, bytes: value.slice(), follows: isWithinEvent ? 'more' : 'nothing' });
      while (this.#unreadBytes >= maxUnreadBytes && !this.#hasEnded()) {
        await new Promise<void>((resolve) => (this.#resume = resolve));
      }
    }
    await reader.cancel().catch(() => undefined);
  }

  #hasEnded(): boolean {
    return this.#controller.signal.aborted;
  }
}

const [lineFeed, carriageReturn, colon] = [10, 13, 58];

/**
 * Whether an event may have begun and not ended (WHATWG HTML, 9.2.6: an empty line ends it). In doubt it has begun: then the stream is asked to move
 * a little later.
 */
function endsWithinEvent(bytes: Uint8Array, wasWithin: boolean): boolean {
  const line = (at: number): number => bytes.at(at) ?? 0;
  if (line(-1) !== lineFeed && line(-1) !== carriageReturn) return true;
  const isEmptyLine =
    line(-2) === lineFeed || (line(-1) === lineFeed && line(-2) === carriageReturn && line(-3) === lineFeed);
  // A comment of one line: what came before decides.
  if (line(0) === colon && bytes.indexOf(lineFeed) === bytes.byteLength - 1) return wasWithin;
  return !isEmptyLine;
}
