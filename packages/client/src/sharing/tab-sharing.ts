import { createEventStream } from '../stream/index.ts';
import { defaultRuntime, type StreamRuntime } from '../options/index.ts';
import { AloneFinder } from './alone-finder.ts';
import { absoluteBase, pathToCarry } from './base-url.ts';
import type { FinderEvents, HostFinder } from './host-finder.ts';
import { LeaderFinder } from './leader-finder.ts';
import { LostStreams } from './lost-streams.ts';
import type { Multiplexer, MultiplexerOptions } from './multiplexer.ts';
import { browserEnvironment, type TabEnvironment } from './tab-environment.ts';
import { TabRequests } from './tab-requests.ts';
import { WorkerFinder } from './worker-finder.ts';

/** The options of {@link createTabSharing}. */
export interface TabSharingOptions extends Pick<MultiplexerOptions, 'multiplexAt' | 'maxQueuedBytes' | 'fetch'> {
  /**
   * Creates the SharedWorker that holds the connection; its file calls `serveTabs()`. Without it, or where it cannot be created, one of the tabs holds
   * the connection.
   *
   * @example
   * ```ts
   * worker: () => new SharedWorker(new URL('./sillage.worker', import.meta.url), { type: 'module', name: 'sillage' })
   * ```
   */
  readonly worker?: () => SharedWorker;
  /** Tabs of an origin that have the same name and base URL share a connection. @default 'sillage' */
  readonly name?: string;
  /** Clock, randomness and timers, for tests. */
  readonly runtime?: Partial<Pick<StreamRuntime, 'monotonicNow' | 'random' | 'setTimer'>>;
  /** Locks and channels, for tests. */
  readonly environment?: Partial<TabEnvironment>;
}

/**
 * Which part this tab has: the connection is in a worker; in this tab; in another one; in this tab for itself, since nothing can be shared; or there is
 * none.
 */
export type TabRole = 'idle' | 'worker' | 'leader' | 'follower' | 'alone';

/** The streams of one base URL, on one connection for all tabs of an origin. */
export interface TabSharing extends Multiplexer {
  readonly role: TabRole;
  /** Lets go of the lock, the channels and the worker. Open streams wait until they are closed. */
  close(): void;
}

/** After its last stream has ended, a tab keeps its part for so long: another one may follow at once. */
const idleMs = 5_000;

/**
 * Creates a multiplexer whose connection is shared by all tabs of an origin. The streams of a tab stay its own, with their positions, tokens, states
 * and errors: only their requests go through the tab or the worker that holds the connection. If that one closes, crashes or freezes, streams continue
 * elsewhere from their positions, and their state stays `open`.
 *
 * Streams of different users never share a connection. Tokens are sent to the holder over a MessagePort or a BroadcastChannel, which every script of
 * the origin can read, as it can read MSAL's storage.
 *
 * @param baseUrl absolute, or relative to the page.
 * @example
 * ```ts
 * const tabs = createTabSharing('https://api.contoso.example');
 * const orders = tabs.stream<Order>('/orders/events', { accessToken: () => currentToken() });
 * ```
 */
export function createTabSharing(baseUrl: string | URL, options: TabSharingOptions = {}): TabSharing {
  const { multiplexAt = '/multiplex', maxQueuedBytes = 2 ** 20, worker, name = 'sillage' } = options;
  const base = absoluteBase(baseUrl);
  const runtime = { ...defaultRuntime(), ...options.runtime };
  const environment = { ...browserEnvironment(), ...options.environment };
  const network: typeof globalThis.fetch = (input, init) => (options.fetch ?? globalThis.fetch)(input, init);
  const lostStreams = new LostStreams(base);
  /** The streams that read too slowly. */
  const slowPaths = new Set<string>();
  let state: 'idle' | 'started' | 'hidden' = 'idle';
  let stopVisits: (() => void) | undefined;
  let cancelIdle: (() => void) | undefined;

  const requests = new TabRequests({
    maxQueuedBytes,
    overflowed(path) {
      if (slowPaths.size < maxSlowPaths) slowPaths.add(path);
    },
    opened: () => lostStreams.opened(),
    lost: (path) => lostStreams.lost(path),
    changed: () => {
      cancelIdle?.();
      cancelIdle = undefined;
      if (state !== 'started') return;
      finder.busy(requests.size > 0 ? 'busy' : 'idle');
      if (requests.size === 0) stopLater();
    },
  });
  const host = { fetch: network, runtime };
  const events: FinderEvents = {
    found: (link) => requests.attach(link),
    received: (link, message) => requests.receive(link, message),
    failed: () => {
      finder = finders.shift() ?? finder;
      if (state !== 'started') return;
      finder.start();
      finder.busy(requests.size > 0 ? 'busy' : 'idle');
    },
  };
  const finders: HostFinder[] = [];
  if (worker !== undefined) finders.push(new WorkerFinder(worker, events, runtime));
  const { locks, openChannel, randomId } = environment;
  if (locks !== undefined && openChannel !== undefined) {
    finders.push(new LeaderFinder({ name: `${name} ${base}`, locks, openChannel, randomId, host, runtime }, events));
  }
  const alone = new AloneFinder(host, events);
  finders.push(alone);
  let finder: HostFinder = finders.shift() ?? alone;

  const start = (): void => {
    if (state !== 'idle') return;
    state = 'started';
    stopVisits = environment.onVisit(hide, show);
    finder.start();
  };

  const hide = (): void => {
    if (state !== 'started') return;
    state = 'hidden';
    finder.stop();
  };

  const show = (): void => {
    if (state !== 'hidden') return;
    state = 'started';
    finder.start();
    finder.busy(requests.size > 0 ? 'busy' : 'idle');
  };

  const close = (): void => {
    cancelIdle?.();
    cancelIdle = undefined;
    stopVisits?.();
    stopVisits = undefined;
    if (state === 'started') finder.stop();
    state = 'idle';
  };

  /** A leader that has no streams itself stays as long as other tabs need it. */
  const stopLater = (): void => {
    cancelIdle = runtime.setTimer(() => {
      cancelIdle = undefined;
      if (finder.connectionCount > 0) stopLater();
      else close();
    }, idleMs);
  };

  const fetchShared = (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const path = pathToCarry(base, input, init);
    if (path === undefined || slowPaths.delete(path)) return network(input, init);
    start();
    const { credentials, cache, redirect, mode } = init;
    const kept = Object.entries({ credentials, cache, redirect, mode }).filter(([, value]) => value !== undefined);
    return requests.send(
      {
        url: base + path,
        headers: Object.fromEntries(new Headers(init.headers)),
        init: Object.fromEntries(kept),
        base,
        multiplexAt,
      },
      init.signal ?? undefined,
    );
  };

  return {
    stream(path, streamOptions = {}) {
      const stream = createEventStream(base + path, { ...streamOptions, fetch: fetchShared });
      lostStreams.track(stream);
      return stream;
    },
    track: (stream) => lostStreams.track(stream),
    fetch: fetchShared,
    get connectionCount() {
      return finder.connectionCount;
    },
    get role() {
      return state === 'started' ? finder.role : 'idle';
    },
    close,
  };
}

const maxSlowPaths = 1_000;
