import type { StreamRuntime } from '../options/index.ts';
import { connectLocally, type FinderEvents, type HostFinder } from './host-finder.ts';
import { HostWatch } from './host-watch.ts';
import type { TabChannel, TabEnvironment } from './tab-environment.ts';
import { TabHost, type TabConnection, type TabHostOptions } from './tab-host.ts';
import type { HostMessage, TabMessage } from './tab-messages.ts';
import type { HostLink } from './tab-requests.ts';

export interface LeaderFinderOptions {
  /** Tabs with the same name share a leader. */
  readonly name: string;
  readonly locks: Pick<LockManager, 'request'>;
  readonly openChannel: (name: string) => TabChannel;
  readonly randomId: TabEnvironment['randomId'];
  readonly host: TabHostOptions;
  readonly runtime: Pick<StreamRuntime, 'monotonicNow' | 'setTimer' | 'random'>;
}

/** Between all tabs. */
type ElectionMessage =
  | { readonly type: 'who' }
  | { readonly type: 'leading'; readonly id: string }
  | { readonly type: 'leaving'; readonly id: string };

/** How long a tab waits for a leader to answer before it takes the lock from it. */
const answerMs = 1_000;
/** Tabs that notice at the same moment do not take the lock at the same moment. */
const maxStealDelayMs = 250;
/** Two tabs must not take the lock from each other without limit: past this, a tab has a connection for itself. */
const maxSteals = 3;
const stealWindowMs = 60_000;

/**
 * One tab leads: it holds a Web Lock, and the connection. The others send it their requests over BroadcastChannel. The browser gives the lock to the
 * next tab when the leader closes or crashes; from a leader that answers nothing and keeps it, a follower takes it.
 */
export class LeaderFinder implements HostFinder {
  readonly #options: LeaderFinderOptions;
  readonly #events: FinderEvents;
  readonly #id: string;
  readonly #watch: HostWatch;
  #stopListening: (() => void) | undefined;
  #election: TabChannel | undefined;
  #leader: { readonly id: string; readonly close: () => void } | undefined;
  #link: HostLink | undefined;
  /** How many messages have come from leaders. */
  #heardCount = 0;
  #leading: { readonly host: TabHost; readonly close: () => void } | undefined;
  #lock: { readonly release: () => void } | undefined;
  #isBusy = false;
  #cancelTimer: (() => void) | undefined;
  #steals: number[] = [];

  constructor(options: LeaderFinderOptions, events: FinderEvents) {
    this.#options = options;
    this.#events = events;
    this.#id = options.randomId();
    this.#watch = new HostWatch(options.runtime, () => this.#stealSoon());
  }

  get role(): 'leader' | 'follower' {
    return this.#leading === undefined ? 'follower' : 'leader';
  }

  get connectionCount(): number {
    return this.#leading?.host.connectionCount ?? 0;
  }

  start(): void {
    const { openChannel, name } = this.#options;
    this.#election = openChannel(name);
    this.#election.onmessage = ({ data }) => this.#heard(data as ElectionMessage);
    this.#stopListening = this.#listenAsTab();
    this.#requestLock('wait');
    this.#post({ type: 'who' });
    this.#expectLeader();
  }

  busy(state: 'busy' | 'idle'): void {
    this.#isBusy = state === 'busy';
    this.#watch.busy(state);
    if (this.#isBusy && this.#leader === undefined && this.#leading === undefined && this.#election !== undefined) {
      this.#expectLeader();
    }
  }

  stop(): void {
    if (this.#leading !== undefined) this.#post({ type: 'leaving', id: this.#id });
    this.#unfollow('goodbye');
    this.#stepDown();
    this.#cancel();
    this.#lock?.release();
    this.#lock = undefined;
    this.#stopListening?.();
    this.#election?.close();
    this.#election = undefined;
    this.#events.found(undefined);
  }

  #post(message: ElectionMessage): void {
    this.#election?.postMessage(message);
  }

  #heard(message: ElectionMessage): void {
    switch (message.type) {
      case 'who':
        if (this.#leading !== undefined) this.#post({ type: 'leading', id: this.#id });
        return;
      case 'leading':
        // A leader whose lock was taken hears of it from the lock.
        if (this.#leading === undefined && this.#leader?.id !== message.id) this.#follow(message.id);
        else if (this.#leader?.id === message.id) this.#heardLeader();
        return;
      case 'leaving':
        if (this.#leader?.id !== message.id) return;
        this.#unfollow('gone');
        this.#events.found(undefined);
        this.#expectLeader();
    }
  }

  /** `'steal'` takes the lock from whichever tab has it. */
  #requestLock(how: 'wait' | 'steal'): void {
    this.#lock?.release();
    const controller = new AbortController();
    let release: (() => void) | undefined;
    const lock = {
      release: () => {
        controller.abort();
        release?.();
      },
    };
    this.#lock = lock;
    const held = (): Promise<void> =>
      new Promise((resolve) => {
        release = resolve;
        if (this.#lock === lock) this.#lead();
        else resolve();
      });
    const { locks, name } = this.#options;
    const options: LockOptions = how === 'steal' ? { steal: true } : { signal: controller.signal };
    locks.request(name, options, held).then(
      () => undefined,
      () => {
        // Given up by this tab, or taken by another one.
        if (this.#lock !== lock || controller.signal.aborted) return;
        if (this.#leading === undefined) {
          this.#events.failed();
          return;
        }
        this.#stepDown();
        this.#events.found(undefined);
        this.#requestLock('wait');
        this.#post({ type: 'who' });
        this.#expectLeader();
      },
    );
  }

  #lead(): void {
    this.#cancel();
    this.#unfollow('goodbye');
    const host = new TabHost(this.#options.host);
    const own = connectLocally(host, this.#events.received);
    const stopServing = this.#serve(host);
    this.#leading = {
      host,
      close: () => {
        stopServing();
        own.close();
        host.close();
      },
    };
    this.#post({ type: 'leading', id: this.#id });
    this.#events.found(own);
  }

  #stepDown(): void {
    this.#leading?.close();
    this.#leading = undefined;
  }

  /** Takes the requests of other tabs. */
  #serve(host: TabHost): () => void {
    const { openChannel } = this.#options;
    const tabs = new Map<string, { readonly connection: TabConnection; readonly channel: TabChannel }>();
    const inbox = openChannel(this.#inboxOf(this.#id));
    const forget = (id: string): void => {
      tabs.get(id)?.connection.close();
      tabs.get(id)?.channel.close();
      tabs.delete(id);
    };
    inbox.onmessage = ({ data }) => {
      const { from, message } = data as { readonly from: string; readonly message: TabMessage };
      if (message.type === 'goodbye') {
        forget(from);
        return;
      }
      let tab = tabs.get(from);
      if (tab === undefined) {
        for (const [id, { connection }] of tabs) if (connection.isGone) forget(id);
        const channel = openChannel(this.#tabChannelOf(from));
        const post = (answer: HostMessage): void => channel.postMessage({ from: this.#id, message: answer });
        tab = { channel, connection: host.connect(post) };
        tabs.set(from, tab);
      }
      tab.connection.receive(message);
    };
    return () => {
      for (const id of [...tabs.keys()]) forget(id);
      inbox.close();
    };
  }

  #inboxOf(id: string): string {
    return `${this.#options.name} host ${id}`;
  }

  #tabChannelOf(id: string): string {
    return `${this.#options.name} tab ${id}`;
  }

  #follow(id: string): void {
    this.#cancel();
    this.#unfollow('goodbye');
    const outbox = this.#options.openChannel(this.#inboxOf(id));
    const link: HostLink = { post: (message) => outbox.postMessage({ from: this.#id, message }) };
    this.#leader = { id, close: () => outbox.close() };
    this.#link = link;
    this.#watch.follow(link);
    this.#watch.heard();
    this.#watch.busy(this.#isBusy ? 'busy' : 'idle');
    this.#events.found(link);
  }

  #listenAsTab(): () => void {
    const channel = this.#options.openChannel(this.#tabChannelOf(this.#id));
    channel.onmessage = ({ data }) => {
      const { from, message } = data as { readonly from: string; readonly message: HostMessage };
      if (from !== this.#leader?.id || this.#link === undefined) return;
      this.#heardLeader();
      this.#events.received(this.#link, message);
    };
    return () => channel.close();
  }

  #unfollow(reason: 'goodbye' | 'gone'): void {
    if (reason === 'goodbye') this.#link?.post({ type: 'goodbye' });
    this.#leader?.close();
    this.#leader = undefined;
    this.#link = undefined;
    this.#watch.follow(undefined);
  }

  /** Waits for a leader to announce itself. One that does not is frozen. */
  #expectLeader(): void {
    if (!this.#isBusy) return;
    this.#cancel();
    this.#cancelTimer = this.#options.runtime.setTimer(() => this.#stealSoon(), answerMs);
  }

  #heardLeader(): void {
    this.#heardCount += 1;
    this.#watch.heard();
  }

  #stealSoon(): void {
    const { monotonicNow, random, setTimer } = this.#options.runtime;
    const [silent, heardCount] = [this.#leader?.id, this.#heardCount];
    this.#cancel();
    this.#cancelTimer = setTimer(() => {
      if (this.#leading !== undefined || this.#leader?.id !== silent) return;
      if (this.#heardCount > heardCount) {
        // It was only late.
        this.#watch.follow(this.#link);
        return;
      }
      const nowMs = monotonicNow();
      this.#steals = this.#steals.filter((atMs) => atMs > nowMs - stealWindowMs);
      if (this.#steals.length >= maxSteals) {
        this.stop();
        this.#events.failed();
        return;
      }
      this.#steals.push(nowMs);
      this.#requestLock('steal');
    }, random() * maxStealDelayMs);
  }

  #cancel(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
