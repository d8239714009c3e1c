import { isPlatformBrowser } from '@angular/common';
import {
  DOCUMENT,
  inject,
  Injectable,
  Injector,
  NgZone,
  PLATFORM_ID,
  runInInjectionContext,
  signal,
  untracked,
} from '@angular/core';
import {
  createEventStream,
  InvalidOptionError,
  type AccessTokenFunction,
  type EventStreamOptions,
  type Gap,
  type SseEvent,
  type StreamState,
} from '@sillage/client';
import type { Multiplexer } from '@sillage/client/sharing';
import { NEVER, Observable, type Subscriber } from 'rxjs';
import { SSE_CONFIG } from './sse-config';
import type { SseHandlerFn, SseInterceptorFn } from './sse-interceptor';
import type { SseOptions, SseRequest } from './sse-request';
import { warnOverHttp } from './warn-over-http';
import { SSE_TRANSPORT } from './sse-transport';
import { SseStreams } from './sse-streams';

/** How many gaps a stream's status remembers. */
const maxGaps = 10;

/** An event of one of several types: `Events` has the type of data for each type of event. */
export type SseEventOf<Events extends object> = {
  [Type in keyof Events & string]: Omit<SseEvent<Events[Type]>, 'type'> & { readonly type: Type };
}[keyof Events & string];

/** Opens streams of server-sent events. */
@Injectable({ providedIn: 'root' })
export class SseClient {
  readonly #config = inject(SSE_CONFIG);
  readonly #injector = inject(Injector);
  readonly #streams = inject(SseStreams);
  readonly #zone = inject(NgZone);
  readonly #platform: 'browser' | 'server' = isPlatformBrowser(inject(PLATFORM_ID)) ? 'browser' : 'server';
  readonly #document = inject(DOCUMENT);
  readonly #transport = inject(SSE_TRANSPORT, { optional: true });
  /** Created with the first stream, because the base URL is not known before. */
  #multiplexer: Multiplexer | null | undefined;
  readonly #open: SseHandlerFn = this.#config.interceptors.reduceRight<SseHandlerFn>(
    (next, interceptor) => this.#intercept(interceptor, next),
    (request) => this.#connect(request),
  );

  /**
   * A stream of events. Cold: every subscription is a stream of its own, which closes when it is unsubscribed.
   *
   * It reconnects and resumes by itself, completes when the server completes it, and errors with an `SseError` when it cannot go on. On
   * the server side of SSR it never emits, and holds nothing open.
   *
   * @param url relative to `withBaseUrl()`, or absolute, at an allowed origin.
   * @usageNotes
   * ```ts
   * readonly prices = toSignal(inject(SseClient).stream<Price>('prices/stream').pipe(map(({ data }) => data)));
   * ```
   */
  stream<T = unknown>(url: string, options: SseOptions<T> = {}): Observable<SseEvent<T>> {
    if (this.#platform === 'server') return NEVER;
    // The request's options are untyped for interceptors: what they decode is what comes back as T.
    return new Observable<SseEvent<T>>((subscriber) =>
      // A subscription inside an effect() or computed() must neither track what is read on the way nor be refused for what is set.
      untracked(() =>
        (this.#open(toRequest(this.resolve(url), options as SseOptions)) as Observable<SseEvent<T>>).subscribe(
          subscriber,
        ),
      ),
    );
  }

  /**
   * As {@link stream}, with a type of data for each type of event.
   *
   * @usageNotes
   * ```ts
   * interface OrderEvents {
   *   shipped: { carrier: string };
   *   message: { text: string };
   * }
   * inject(SseClient).events<OrderEvents>('orders/42/events').subscribe((event) => {
   *   if (event.type === 'shipped') console.log(event.data.carrier);
   * });
   * ```
   */
  events<Events extends object>(url: string, options: SseOptions = {}): Observable<SseEventOf<Events>> {
    return this.stream(url, options) as Observable<SseEventOf<Events>>;
  }

  /**
   * The absolute URL that `url` stands for.
   *
   * @throws {InvalidOptionError} where its origin is neither the base URL's nor among `withAllowedOrigins()`: a token must not go there.
   */
  resolve(url: string): string {
    const resolved = new URL(url, this.#base());
    if (!this.#origins().includes(resolved.origin)) {
      throw new InvalidOptionError(
        `${resolved.origin} would get the token, and is not allowed: add it to withAllowedOrigins(), or use a URL relative to withBaseUrl().`,
      );
    }
    return resolved.href;
  }

  /** Not before it is needed: on the server side of SSR, a document may have no base. */
  #base(): URL {
    // Without the slash, the base's last segment would be replaced: https://x/api + a = https://x/a.
    return new URL((this.#config.baseUrl ?? '').replace(/([^/])$/, '$1/'), this.#document.baseURI);
  }

  #origins(): string[] {
    return [this.#base().origin, ...this.#config.allowedOrigins.map((origin) => new URL(origin).origin)];
  }

  /** Angular's service worker would buffer the stream: this header tells it not to. Without one, the header would only need a preflight. */
  #serviceWorkerBypass(): Record<string, string> {
    const { serviceWorker } = (this.#document.defaultView?.navigator ?? {}) as Partial<Navigator>;
    const controller = serviceWorker?.controller;
    return controller == null ? {} : { 'ngsw-bypass': 'true' };
  }

  #fetch(): typeof globalThis.fetch | null {
    const { fetch, multiplexing, tabSharing, runtime } = this.#config;
    this.#multiplexer ??=
      (tabSharing ?? multiplexing)?.(this.#base().href, { runtime, ...(fetch === null ? {} : { fetch }) }) ?? null;
    return this.#multiplexer?.fetch ?? fetch;
  }

  #intercept(interceptor: SseInterceptorFn, next: SseHandlerFn): SseHandlerFn {
    return (request) =>
      new Observable((subscriber) =>
        runInInjectionContext(this.#injector, () => interceptor(request, next)).subscribe(subscriber),
      );
  }

  #connect(request: SseRequest): Observable<SseEvent> {
    // Reads and timers run outside the zone, so that an application with zone.js becomes stable, and callbacks inside it.
    return new Observable((subscriber) => this.#zone.runOutsideAngular(() => this.#subscribe(request, subscriber)));
  }

  #subscribe(request: SseRequest, subscriber: Subscriber<SseEvent>): () => void {
    const inZone = <T>(callback: () => T): T => this.#zone.run(callback);
    const factory = request.authentication === undefined ? this.#config.authentication : request.authentication;
    const authentication =
      factory === null ? null : runInInjectionContext(this.#injector, () => factory(new URL(request.url)));
    request.onAuthentication?.(authentication);
    const carried = this.#transport?.open(request);
    const fetch = carried?.fetch ?? (request.connection === 'separate' ? this.#config.fetch : this.#fetch());
    const stream = createEventStream(request.url, {
      ...streamOptions(request, this.#serviceWorkerBypass()),
      ...(authentication === null ? {} : { accessToken: warning(request.url, authentication.accessToken) }),
      ...(request.ticketUrl === undefined ? {} : { ticketUrl: this.resolve(request.ticketUrl) }),
      allowedOrigins: this.#origins(),
      reconnect: mergeReconnect(this.#config.reconnect, request.reconnect),
      runtime: { ...this.#config.runtime, ...this.#transport?.runtime },
      ...(fetch === null ? {} : { fetch }),
    });
    this.#multiplexer?.track(stream);
    const state = signal<StreamState>(stream.state);
    const gaps = signal<readonly Gap[]>([]);
    const remove = this.#streams.add({ url: request.url, state, gaps, reconnect: () => stream.reconnect() });

    const tell = (next: StreamState): void => {
      state.set(next);
      inZone(() => request.onState?.(next));
    };
    const stop = stream.subscribe({
      next: (event) => inZone(() => subscriber.next(event)),
      error: (error) => inZone(() => subscriber.error(error)),
      complete: () => inZone(() => subscriber.complete()),
      gap: (gap) => {
        gaps.update((known) => [...known, gap].slice(-maxGaps));
        inZone(() => request.onGap?.(gap));
      },
      state: tell,
      rotate: () => inZone(() => request.onRotate?.()),
      ...(request.onEventId === undefined ? {} : { position: (id) => inZone(() => request.onEventId?.(id)) }),
    });
    const reconnecting = request.reconnectOn?.subscribe(() => stream.reconnect());
    const ended = authentication?.ended.subscribe((error) => {
      tell({ status: 'closed', reason: 'failed', error });
      subscriber.error(error);
    });
    return () => {
      reconnecting?.unsubscribe();
      ended?.unsubscribe();
      stop();
      remove();
      carried?.close();
    };
  }
}

/** The request of a stream, with headers that interceptors can add to. */
function toRequest(url: string, { headers, ...options }: SseOptions): SseRequest {
  if (headers === undefined) return { ...options, url };
  if (typeof headers === 'function') return { ...options, url, dynamicHeaders: headers };
  return { ...options, url, headers: Object.fromEntries(new Headers(headers)) };
}

function merge(fixed: Readonly<Record<string, string>>, dynamic: HeadersInit): Headers {
  const headers = new Headers(fixed);
  new Headers(dynamic).forEach((value, name) => headers.set(name, value));
  return headers;
}

/** Warns where the token goes over plain HTTP. */
function warning(url: string, accessToken: AccessTokenFunction): AccessTokenFunction {
  return async (request) => {
    const token = await accessToken(request);
    if (token !== undefined) warnOverHttp(url);
    return token;
  };
}

/** The options that mean something to Angular alone, or that it gives the client in another form. */
const ownOptions: ReadonlySet<string> = new Set<keyof SseRequest>([
  'url',
  'body',
  'authentication',
  'connection',
  'dynamicHeaders',
  'ticketUrl',
  'reconnectOn',
  'onAuthentication',
  'onState',
  'onEventId',
  'onGap',
  'onRotate',
]);

/** The client's options: all of the request's but Angular's own. */
function streamOptions(request: SseRequest, bypass: Record<string, string>): EventStreamOptions {
  const { body, headers = {}, dynamicHeaders } = request;
  const json = body !== undefined && typeof body !== 'string';
  const fixed = { ...bypass, ...(json ? { 'Content-Type': 'application/json' } : {}), ...headers };
  return {
    ...(Object.fromEntries(Object.entries(request).filter(([name]) => !ownOptions.has(name))) as EventStreamOptions),
    headers: dynamicHeaders === undefined ? fixed : async () => merge(fixed, await dynamicHeaders()),
    ...(body === undefined ? {} : { body: json ? JSON.stringify(body) : body }),
  };
}

function mergeReconnect(
  provided: EventStreamOptions['reconnect'] & {},
  own: EventStreamOptions['reconnect'],
): EventStreamOptions['reconnect'] & {} {
  if (own === undefined) return provided;
  return own === 'never' || provided === 'never' ? own : { ...provided, ...own };
}
