import { connectLocally, type FinderEvents, type HostFinder } from './host-finder.ts';
import { TabHost, type TabHostOptions } from './tab-host.ts';

/** Where nothing can be shared: the tab holds a connection for itself. */
export class AloneFinder implements HostFinder {
  readonly role = 'alone';
  readonly #hostOptions: TabHostOptions;
  readonly #events: FinderEvents;
  #host: TabHost | undefined;

  constructor(hostOptions: TabHostOptions, events: FinderEvents) {
    this.#hostOptions = hostOptions;
    this.#events = events;
  }

  get connectionCount(): number {
    return this.#host?.connectionCount ?? 0;
  }

  start(): void {
    this.#host = new TabHost(this.#hostOptions);
    this.#events.found(connectLocally(this.#host, this.#events.received));
  }

  busy(): void {
    // Its host is alive as long as the tab is.
  }

  stop(): void {
    this.#host?.close();
    this.#host = undefined;
    this.#events.found(undefined);
  }
}
