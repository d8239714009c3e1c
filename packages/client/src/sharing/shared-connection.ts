import { milliseconds, readText } from '../connection/index.ts';
import type { StreamRuntime } from '../options/index.ts';
import { CarriedResponse, type CarriedRequest } from './carried-request.ts';
import { FrameReader } from './frame-reader.ts';

/** What a shared connection needs of its multiplexer. */
export interface ConnectionHost {
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  readonly monotonicNow: StreamRuntime['monotonicNow'];
  readonly setTimer: StreamRuntime['setTimer'];
  readonly maxQueuedBytes: number;
  /** Each request goes alone: the server does not multiplex, or takes no multiplexed request without a token. */
  refused(requests: readonly CarriedRequest[], reason: 'no-endpoint' | 'no-token'): void;
  /** The endpoint does not have that stream; the server may. Must not reject. */
  elsewhere(request: CarriedRequest): Promise<void>;
  /** A stream reads too slowly to share a connection. */
  overflowed(request: CarriedRequest): void;
  /** The streams have to move within that time: the server asks for it, or the session ends. */
  endsWithin(connection: SharedConnection, ms: number, reason: 'server' | 'session'): void;
  /** A stream was opened on it. */
  opened(): void;
  /** It broke, and these streams with it. */
  lost(requests: readonly CarriedRequest[]): void;
  /** A stream has left. */
  changed(connection: SharedConnection): void;
}

/** One multiplexed connection of a client (PROTOCOL 10). */
export class SharedConnection {
  readonly #host: ConnectionHost;
  readonly #responses = new Map<string, CarriedResponse[]>();
  readonly #controller = new AbortController();
  /** Whether its streams were asked to move: those that stay cannot. */
  isLeft = false;
  /** Whether a stream has left: the server still sends its events. */
  hasChanged = false;
  #touchedAt: number;
  #heartbeatMs = Infinity;

  constructor(host: ConnectionHost, init: RequestInit, requests: readonly CarriedRequest[]) {
    this.#host = host;
    this.#touchedAt = host.monotonicNow();
    const keys = new Map<string, string>();
    for (const request of requests) {
      // Identical requests share a response.
      const identity = JSON.stringify([request.path, request.after]);
      const key = keys.get(identity) ?? keys.size.toString(36);
      keys.set(identity, key);
      const response: CarriedResponse = new CarriedResponse(request, host.maxQueuedBytes, () =>
        this.#gone(key, response),
      );
      if (!response.isGone) this.#responses.set(key, [...(this.#responses.get(key) ?? []), response]);
    }
    this.#read(init).catch((error: unknown) => this.#fail(error));
  }

  /** How many streams it carries. */
  get size(): number {
    return this.#all().length;
  }

  /** Asks every stream to rotate, and returns how many will. */
  askToMove(): number {
    this.isLeft = true;
    return this.#all().filter((response) => response.askToMove()).length;
  }

  async #read(init: RequestInit): Promise<void> {
    const { fetch, url } = this.#host;
    const streams = Object.fromEntries(
      [...this.#responses].map(([key, [response]]) => [
        key,
        { path: response?.request.path, after: response?.request.after },
      ]),
    );
    const response = await fetch(url, {
      ...init,
      method: 'POST',
      body: JSON.stringify({ streams }),
      signal: this.#controller.signal,
    });
    const { status, headers, body } = response;
    const needsToken = status === 401 && !new Headers(init.headers).has('Authorization');
    if (status === 404 || status === 405 || needsToken) {
      const requests = this.#take().map(({ request }) => request);
      this.#host.refused(requests, needsToken ? 'no-token' : 'no-endpoint');
      // Unread, the body would keep its connection.
      this.#controller.abort();
      return;
    }
    if (status !== 200 || body === null) {
      const { text } = await readText(response, this.#host, this.#controller.signal);
      for (const { request } of this.#take()) request.respond(new Response(text, { status, headers }));
      return;
    }
    this.#heartbeatMs = milliseconds(headers.get('Sillage-Heartbeat-Ms')) ?? Infinity;
    const sessionMs = milliseconds(headers.get('Sillage-Session-Ms'));
    if (sessionMs !== undefined) this.#host.endsWithin(this, sessionMs, 'session');
    const frames = new FrameReader({
      head: (key, streamStatus, streamHeaders) => {
        // The end of the session is that of the connection, which rotates for all of its streams.
        const own = Object.fromEntries(
          Object.entries(streamHeaders).filter(([name]) => name.toLowerCase() !== 'sillage-session-ms'),
        );
        const carriedBy = this.#responses.get(key) ?? [];
        if (streamStatus === 404) {
          this.#responses.delete(key);
          for (const { request } of carriedBy) void this.#host.elsewhere(request);
          this.#host.changed(this);
          return;
        }
        for (const carried of carriedBy) carried.head(streamStatus, own);
        if (streamStatus === 200) this.#host.opened();
      },
      part: (key, bytes, follows) => {
        for (const carried of this.#responses.get(key) ?? []) {
          if (carried.part(bytes, follows) === 'overflow') this.#host.overflowed(carried.request);
        }
      },
      end: (key) => {
        for (const carried of this.#responses.get(key) ?? []) carried.end();
      },
      rotate: (withinMs) => this.#host.endsWithin(this, withinMs, 'server'),
    });
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      frames.feed(value);
      this.#touch();
    }
    this.#fail(new TypeError('The shared connection was closed by the server.'));
  }

  /** A stream without events would take the silence of its part for that of the connection. */
  #touch(): void {
    const nowMs = this.#host.monotonicNow();
    if (nowMs - this.#touchedAt < this.#heartbeatMs) return;
    this.#touchedAt = nowMs;
    for (const response of this.#all()) response.touch();
  }

  #fail(error: unknown): void {
    const lost = this.#all();
    if (lost.length > 0) this.#host.lost(lost.map(({ request }) => request));
    for (const response of lost) response.fail(error);
    this.#controller.abort();
  }

  #gone(key: string, response: CarriedResponse): void {
    const others = (this.#responses.get(key) ?? []).filter((other) => other !== response);
    if (others.length > 0) this.#responses.set(key, others);
    else this.#responses.delete(key);
    this.hasChanged = true;
    if (this.#responses.size === 0) this.#controller.abort();
    this.#host.changed(this);
  }

  #all(): CarriedResponse[] {
    return [...this.#responses.values()].flat();
  }

  /** The responses, which somebody else answers from here on. */
  #take(): CarriedResponse[] {
    const all = this.#all();
    this.#responses.clear();
    this.#host.changed(this);
    return all;
  }
}
