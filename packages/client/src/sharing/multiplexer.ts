import { createEventStream, type EventStream } from '../stream/index.ts';
import { defaultRuntime, maxTimerMs, type EventStreamOptions, type StreamRuntime } from '../options/index.ts';
import { absoluteBase, pathToCarry } from './base-url.ts';
import type { CarriedRequest } from './carried-request.ts';
import { LostStreams } from './lost-streams.ts';
import { tokenIdentity } from './token-identity.ts';
import { SharedConnection, type ConnectionHost } from './shared-connection.ts';

/** The options of {@link createMultiplexer}. */
export interface MultiplexerOptions {
  /** The path of the server's multiplex endpoint, next to the streams (PROTOCOL 10.1). @default '/multiplex' */
  readonly multiplexAt?: string;
  /**
   * How many bytes may wait for a stream that reads slowly, in bytes. Past it, that stream continues on a separate connection.
   *
   * @default 1048576
   */
  readonly maxQueuedBytes?: number;
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch;
  /** Clock, randomness and timers, for tests. */
  readonly runtime?: Partial<Pick<StreamRuntime, 'monotonicNow' | 'random' | 'setTimer'>>;
}

/** The streams of one base URL, on one connection. */
export interface Multiplexer {
  /**
   * Creates a stream, as `createEventStream` does.
   *
   * @param path begins with a slash, and is relative to the base URL.
   * @throws {InvalidOptionError} if an option cannot work.
   */
  stream<T = unknown>(path: string, options?: Omit<EventStreamOptions<T>, 'fetch'>): EventStream<T>;
  /**
   * A `fetch` for `createEventStream`: a GET under the base URL goes over the shared connection, every other request over the network as
   * it is.
   */
  readonly fetch: typeof globalThis.fetch;
  /** Reconnects a stream that uses `fetch` together with the others, after their connection broke. `stream()` does it. */
  track(stream: EventStream): void;
  /** How many connections are open now: one, and a second one for a moment when streams are opened or closed. */
  readonly connectionCount: number;
}

/** Requests that begin within this time share a connection. */
const gatherMs = 5;
/** How long streams that were asked to move are waited for: their tokens may take a while. */
const maxGatherMs = 250;
/** A connection whose set of streams has changed is replaced after this time. */
const settleMs = 250;
/** Sessions that are announced to be shorter are not replaced more often than this. */
const minSessionMoveMs = 1_000;
/** Streams that are remembered because they read too slowly, or because the multiplex endpoint does not have them. */
const maxRememberedPaths = 1_000;
/** Streams of one connection: what servers allow by default. */
const maxStreams = 100;
/** Connections of a group at the same moment: those that were added within {@link settleMs}, and one that replaces them. A browser has six. */
const maxConnections = 3;
/** How often requests wait until others have moved; then they get a connection all the same. Not long: their tokens may end meanwhile. */
const maxPostponed = 4;
/** How long before the end of a session its streams move; earlier than each of them would by itself. */
const maxLeadMs = 150_000;

/** The connections of the streams that send the same headers and a token of the same user. */
interface Group {
  readonly headers: Headers;
  readonly init: RequestInit;
  readonly connections: Set<SharedConnection>;
  pending: CarriedRequest[];
  /** How many streams were asked to move and have not come yet. */
  expected: number;
  /** How often the pending requests have waited for others to move. */
  postponed: number;
  /** The timers that move the streams of a connection before its end. */
  readonly moves: Map<SharedConnection, () => void>;
  cancelFlush: (() => void) | undefined;
  cancelSettle: (() => void) | undefined;
}

/**
 * Creates a multiplexer: the streams of one base URL share one connection (PROTOCOL 10), because over HTTP/1.1 a browser has six for an origin.
 * Each stream behaves as if it had a separate connection, with the same states, errors and back-pressure. If the server does not have the endpoint,
 * each stream gets a separate connection.
 *
 * @param baseUrl absolute, or relative to the page.
 * @example
 * ```ts
 * const multiplexer = createMultiplexer('https://api.contoso.example');
 * const orders = multiplexer.stream<Order>('/orders/events', { accessToken: () => currentToken() });
 * const notices = multiplexer.stream<Notice>('/notices', { accessToken: () => currentToken() });
 * ```
 */
export function createMultiplexer(baseUrl: string | URL, options: MultiplexerOptions = {}): Multiplexer {
  const { multiplexAt = '/multiplex', maxQueuedBytes = 2 ** 20 } = options;
  const base = absoluteBase(baseUrl);
  const { monotonicNow, random, setTimer } = { ...defaultRuntime(), ...options.runtime };
  const network: typeof globalThis.fetch = (input, init) => (options.fetch ?? globalThis.fetch)(input, init);
  const groups = new Map<string, Group>();
  const lostStreams = new LostStreams(base);
  /** The streams that read too slowly. */
  const slowPaths = new Set<string>();
  /** The streams that the server has, and its multiplex endpoint has not. */
  const elsewherePaths = new Set<string>();
  let support: 'expected' | 'none' = 'expected';
  /** Whether the endpoint refuses requests without a token: streams that need none go alone then. */
  let isAnonymousAlone = false;

  const fetchCarried = (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const path = pathToCarry(base, input, init);
    // After one separate connection, the next one may be shared again.
    const headers = new Headers(init.headers);
    const isAlone = isAnonymousAlone && !headers.has('Authorization');
    if (path === undefined || support === 'none' || isAlone || elsewherePaths.has(path) || slowPaths.delete(path)) {
      return network(input, init);
    }
    return new Promise((respond, fail) => {
      const after = headers.get('Last-Event-ID');
      headers.delete('Last-Event-ID');
      headers.set('Content-Type', 'application/json');
      const group = groupOf(headers, init);
      group.pending.push({
        path,
        after: after === null ? undefined : fromHeader(after),
        signal: init.signal ?? undefined,
        respond,
        fail,
      });
      group.expected = Math.max(group.expected - 1, 0);
      if (group.expected === 0) flushIn(group, gatherMs);
      else group.cancelFlush ??= setTimer(() => flush(group), maxGatherMs);
    });
  };

  const groupOf = (headers: Headers, { credentials, cache, redirect, mode }: RequestInit): Group => {
    const authorization = headers.get('Authorization') ?? '';
    const others = [...headers].filter(([name]) => name !== 'authorization');
    const key = JSON.stringify([tokenIdentity(authorization), others, credentials]);
    let group = groups.get(key);
    if (group === undefined) {
      const init: RequestInit = { headers };
      for (const [name, value] of Object.entries({ credentials, cache, redirect, mode })) {
        if (value !== undefined) Object.assign(init, { [name]: value });
      }
      group = {
        headers,
        init,
        connections: new Set(),
        pending: [],
        expected: 0,
        postponed: 0,
        moves: new Map(),
        cancelFlush: undefined,
        cancelSettle: undefined,
      };
      groups.set(key, group);
    }
    // The newest token lives longest.
    if (authorization !== '') group.headers.set('Authorization', authorization);
    return group;
  };

  const flushIn = (group: Group, ms: number): void => {
    group.cancelFlush?.();
    group.cancelFlush = setTimer(() => flush(group), ms);
  };

  const flush = (group: Group): void => {
    const requests = group.pending;
    group.pending = [];
    group.expected = 0;
    group.cancelFlush = undefined;
    const wanted = requests.filter(({ signal }) => signal?.aborted !== true);
    for (const request of requests) if (!wanted.includes(request)) request.fail(request.signal?.reason);
    if (wanted.length > 0 && hasToWait(group)) {
      group.pending = wanted;
      group.cancelFlush = setTimer(() => flush(group), settleMs);
      return;
    }
    group.postponed = 0;
    for (let at = 0; at < wanted.length; at += maxStreams) {
      const requested = wanted.slice(at, at + maxStreams);
      group.connections.add(new SharedConnection(hostOf(group), group.init, requested));
    }
    settle(group);
  };

  /**
   * Whether there are connections enough: others are about to be left, and one of a browser's six must stay free for those that move. Where all of
   * them were asked to be left, this is the one that they are left for.
   */
  const hasToWait = (group: Group): boolean => {
    const excess = group.connections.size - maxConnections;
    if (excess < 0 || group.postponed >= maxPostponed) return false;
    if (excess === 0 && [...group.connections].every(({ isLeft }) => isLeft)) return false;
    group.postponed += 1;
    return true;
  };

  /** Sends a request over the network that was to be carried. Resolves with the status; 0 if it failed. */
  const sendAlone = async (group: Group, { path, after, signal, respond, fail }: CarriedRequest) => {
    const headers = new Headers(group.init.headers);
    headers.delete('Content-Type');
    if (after !== undefined) headers.set('Last-Event-ID', toHeader(after));
    try {
      const response = await network(base + path, {
        ...group.init,
        headers,
        ...(signal === undefined ? {} : { signal }),
      });
      respond(response);
      return { status: response.status };
    } catch (error) {
      fail(error);
      return { status: 0 };
    }
  };

  const hostOf = (group: Group): ConnectionHost => ({
    url: base + multiplexAt,
    fetch: network,
    monotonicNow,
    setTimer,
    maxQueuedBytes,
    refused(requests, reason) {
      if (reason === 'no-endpoint') support = 'none';
      else isAnonymousAlone = true;
      for (const request of requests) void sendAlone(group, request);
    },
    async elsewhere(request) {
      const { status } = await sendAlone(group, request);
      // It is there, and the endpoint does not have it. Where it is nowhere, it may be created later.
      if (status === 200 && elsewherePaths.size < maxRememberedPaths) elsewherePaths.add(request.path);
    },
    overflowed({ path }) {
      if (slowPaths.size < maxRememberedPaths) slowPaths.add(path);
    },
    endsWithin(connection, ms, reason) {
      const leadMs = Math.min(ms / 2, maxLeadMs);
      // Not all clients at once, and with time to try again.
      const afterMs =
        reason === 'server' ? random() * ms * 0.7 : Math.max(ms - leadMs * (1 - 0.2 * random()), minSessionMoveMs);
      group.moves.get(connection)?.();
      group.moves.set(
        connection,
        // A session may last longer than a timer can wait: moving early harms nobody.
        setTimer(() => ask(group, [connection]), Math.min(afterMs, maxTimerMs)),
      );
    },
    opened: () => lostStreams.opened(),
    lost(requests) {
      for (const { path } of requests) lostStreams.lost(path);
    },
    changed(connection) {
      if (connection.size === 0) {
        group.connections.delete(connection);
        group.moves.get(connection)?.();
        group.moves.delete(connection);
      }
      settle(group);
    },
  });

  /** Brings all streams of a group onto one connection, a moment after a change. */
  const settle = (group: Group): void => {
    if (group.connections.size === 0 && group.pending.length === 0) {
      group.cancelSettle?.();
      group.cancelSettle = undefined;
      forget(group);
      return;
    }
    // Not later for each further change: streams that begin one after the other would use up the connections of the browser.
    if (group.cancelSettle !== undefined || toMerge(group).length === 0) return;
    group.cancelSettle = setTimer(() => {
      group.cancelSettle = undefined;
      ask(group, toMerge(group));
    }, settleMs);
  };

  /** The connections that one would replace; none if it would be like the one that there is. */
  const toMerge = (group: Group): readonly SharedConnection[] => {
    const current = [...group.connections].filter(({ isLeft }) => !isLeft);
    const fits = current.reduce((count, { size }) => count + size, 0) <= maxStreams;
    const isSettled = !current.some(({ hasChanged }) => hasChanged) && (current.length === 1 || !fits);
    return isSettled ? [] : current;
  };

  const ask = (group: Group, connections: readonly SharedConnection[]): void => {
    for (const connection of connections) group.expected += connection.askToMove();
  };

  const forget = (group: Group): void => {
    for (const [key, other] of groups) if (other === group) groups.delete(key);
  };

  return {
    stream(path, streamOptions = {}) {
      const stream = createEventStream(base + path, { ...streamOptions, fetch: fetchCarried });
      lostStreams.track(stream);
      return stream;
    },
    track: (stream) => lostStreams.track(stream),
    fetch: fetchCarried,
    get connectionCount() {
      return [...groups.values()].reduce((count, { connections }) => count + connections.size, 0);
    },
  };
}

/** A header has one character per byte of its UTF-8. */
function fromHeader(header: string): string {
  return new TextDecoder().decode(Uint8Array.from(header, (character) => character.charCodeAt(0)));
}

function toHeader(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}
