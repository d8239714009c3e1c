import type { StreamRuntime } from '../options/index.ts';
import type { FinderEvents, HostFinder } from './host-finder.ts';
import { HostWatch } from './host-watch.ts';
import type { HostMessage, TabMessage } from './tab-messages.ts';
import type { HostLink } from './tab-requests.ts';

/** The host is a SharedWorker, which runs `serveTabs()`. */
export class WorkerFinder implements HostFinder {
  readonly role = 'worker';
  readonly connectionCount = 0;
  readonly #create: () => SharedWorker;
  readonly #events: FinderEvents;
  readonly #watch: HostWatch;
  #worker: SharedWorker | undefined;

  constructor(
    create: () => SharedWorker,
    events: FinderEvents,
    runtime: Pick<StreamRuntime, 'monotonicNow' | 'setTimer'>,
  ) {
    this.#create = create;
    this.#events = events;
    this.#watch = new HostWatch(runtime, () => this.#fail());
  }

  start(): void {
    try {
      const worker = this.#create();
      const link: HostLink = { post: (message: TabMessage) => worker.port.postMessage(message) };
      // The script cannot be loaded, or the page's policy forbids it (CSP worker-src).
      worker.onerror = () => this.#fail();
      worker.port.onmessage = ({ data }: { readonly data: HostMessage }) => {
        this.#watch.heard();
        this.#events.received(link, data);
      };
      worker.port.start();
      this.#worker = worker;
      this.#watch.follow(link);
      this.#events.found(link);
    } catch {
      // The browser has no SharedWorker, or refuses to create one.
      this.#events.failed();
    }
  }

  busy(state: 'busy' | 'idle'): void {
    this.#watch.busy(state);
  }

  stop(): void {
    this.#worker?.port.postMessage({ type: 'goodbye' } satisfies TabMessage);
    this.#close();
    this.#events.found(undefined);
  }

  #fail(): void {
    if (this.#worker === undefined) return;
    this.#close();
    this.#events.failed();
  }

  #close(): void {
    this.#watch.follow(undefined);
    if (this.#worker === undefined) return;
    this.#worker.onerror = null;
    this.#worker.port.onmessage = null;
    this.#worker.port.close();
    this.#worker = undefined;
  }
}
