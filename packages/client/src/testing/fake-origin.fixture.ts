import type { StreamRuntime } from '../options/index.ts';
import type { TabChannel, TabEnvironment } from '../sharing/tab-environment.ts';
import { settle } from './scripted-world.fixture.ts';

interface LockRequest {
  readonly tab: FakeTab;
  readonly run: () => Promise<void>;
  readonly reject: (error: Error) => void;
}

/** The tabs of one origin, without a browser: its clock, locks and channels. */
export class FakeOrigin {
  nowMs = 1_000_000;
  readonly tabs: FakeTab[] = [];
  readonly channels = new Set<FakeChannel>();
  holder: LockRequest | undefined;
  queue: LockRequest[] = [];
  steals = 0;

  openTab(): FakeTab {
    const tab = new FakeTab(this);
    this.tabs.push(tab);
    return tab;
  }

  /** Moves all clocks. Timers and messages of a frozen tab wait. */
  async advance(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      this.nowMs += Math.min(50, ms - passed);
      for (const tab of this.tabs) tab.runTimers();
      await settle();
    }
  }

  grantNext(): void {
    this.holder = this.queue.shift();
    void this.holder?.run();
  }
}

class FakeChannel implements TabChannel {
  onmessage: TabChannel['onmessage'] = null;
  readonly tab: FakeTab;
  readonly #name: string;

  constructor(tab: FakeTab, name: string) {
    this.tab = tab;
    this.#name = name;
    tab.origin.channels.add(this);
  }

  postMessage(message: unknown): void {
    const data = structuredClone(message);
    for (const other of this.tab.origin.channels) {
      if (other === this || other.#name !== this.#name) continue;
      other.tab.deliver(() => other.onmessage?.({ data }));
    }
  }

  close(): void {
    this.tab.origin.channels.delete(this);
    this.onmessage = null;
  }
}

export class FakeTab {
  readonly origin: FakeOrigin;
  readonly #timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  readonly #waiting: (() => void)[] = [];
  #state: 'running' | 'frozen' | 'crashed' = 'running';
  #visits: { readonly hidden: () => void; readonly shown: () => void } | undefined;

  constructor(origin: FakeOrigin) {
    this.origin = origin;
  }

  readonly runtime: StreamRuntime = {
    now: () => this.origin.nowMs,
    monotonicNow: () => this.origin.nowMs,
    random: () => 0.5,
    setTimer: (callback, ms) => {
      const timer = { atMs: this.origin.nowMs + ms, callback };
      this.#timers.add(timer);
      return () => this.#timers.delete(timer);
    },
    lifecycle: { network: () => 'online', onWake: () => () => undefined },
    reportError: (error) => {
      throw error;
    },
  };

  readonly environment: TabEnvironment = {
    locks: { request: (...given: unknown[]) => this.#request(given) },
    openChannel: (name) => new FakeChannel(this, name),
    randomId: () => `tab${this.origin.tabs.indexOf(this)}`,
    onVisit: (hidden, shown) => {
      this.#visits = { hidden, shown };
      return () => (this.#visits = undefined);
    },
  };

  /** What the tab still holds. */
  get held(): number {
    const channels = [...this.origin.channels].filter(({ tab }) => tab === this).length;
    const locks = [this.origin.holder, ...this.origin.queue].filter((request) => request?.tab === this).length;
    return this.#timers.size + channels + locks;
  }

  deliver(task: () => void): void {
    queueMicrotask(() => {
      if (this.#state === 'frozen') this.#waiting.push(task);
      else if (this.#state === 'running') task();
    });
  }

  runTimers(): void {
    if (this.#state !== 'running') return;
    for (const timer of [...this.#timers].filter(({ atMs }) => atMs <= this.origin.nowMs)) {
      if (!this.#timers.delete(timer)) continue;
      timer.callback();
    }
  }

  /** The page goes away: closed, or into the back/forward cache. */
  hide(): void {
    this.#visits?.hidden();
  }

  show(): void {
    this.#visits?.shown();
  }

  freeze(): void {
    this.#state = 'frozen';
  }

  thaw(): void {
    this.#state = 'running';
    for (const task of this.#waiting.splice(0)) task();
  }

  /** Its process dies: the browser frees its lock. */
  crash(): void {
    this.#state = 'crashed';
    for (const channel of this.origin.channels) if (channel.tab === this) channel.close();
    this.origin.queue = this.origin.queue.filter(({ tab }) => tab !== this);
    if (this.origin.holder?.tab === this) this.origin.grantNext();
  }

  #request(given: unknown[]): Promise<void> {
    const [, { signal, steal = false }, held] = given as [string, LockOptions, () => Promise<void>];
    const { origin } = this;
    return new Promise((resolve, reject) => {
      const request: LockRequest = {
        tab: this,
        reject: (error) => this.deliver(() => reject(error)),
        run: async () => {
          await held();
          if (origin.holder === request) origin.grantNext();
          resolve();
        },
      };
      signal?.addEventListener('abort', () => {
        if (!origin.queue.includes(request)) return;
        origin.queue = origin.queue.filter((other) => other !== request);
        reject(new DOMException('Aborted.', 'AbortError'));
      });
      if (steal) {
        origin.steals += 1;
        origin.holder?.reject(new DOMException('The lock was stolen.', 'AbortError'));
        origin.queue.unshift(request);
        origin.grantNext();
      } else {
        origin.queue.push(request);
        if (origin.holder === undefined) origin.grantNext();
      }
    });
  }
}
