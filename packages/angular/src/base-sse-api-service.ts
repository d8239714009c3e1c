import { HttpClient, HttpErrorResponse, type HttpParams } from '@angular/common/http';
import { Injector, inject, Injectable, runInInjectionContext } from '@angular/core';
import { parseChallenges, tokenDemand, type SseEvent, type TokenDemand } from '@sillage/client';
import { catchError, defer, filter, from, map, mergeMap, NEVER, throwError, timeout, type Observable } from 'rxjs';
import type { SseAuthentication, SseAuthenticationFactory } from './sse-authentication';
import { SseClient } from './sse-client';
import { SSE_CONFIG } from './sse-config';
import type { SseOptions } from './sse-request';
import { warnOverHttp } from './warn-over-http';

/** The query parameters of a request. */
export type SseApiParams =
  HttpParams | Readonly<Record<string, string | number | boolean | readonly (string | number | boolean)[]>>;

/** How one call differs from what `provideSse()` says. Every option of a stream is here under the name that it has in `SseOptions`. */
export type SseApiConfig = Omit<SseOptions, 'authentication' | 'body' | 'method'>;

/** How often {@link BaseSseApiService.connectWithRetry} reconnects in a row, at most. */
const maxRetries = 5;
/** How long {@link BaseSseApiService.connectWithTimeout} waits for each event. */
const defaultTimeoutMs = 60_000;

/**
 * The base of an application's API services: streams and requests that carry the access token of `provideSse()`'s authentication, such as
 * `withToken()`. `BaseMsalApiService` of `@sillage/angular/msal` is this class for MSAL.
 *
 * @usageNotes
 * ```ts
 * @Injectable({ providedIn: 'root' })
 * export class ChatApi extends BaseSseApiService {
 *   messages(room: string): Observable<Message> {
 *     return this.connectSSE<Message>(`chat/stream/${room}`);
 *   }
 *   send(room: string, text: string): Observable<Message> {
 *     return this.post<Message>(`chat/messages/${room}`, { text });
 *   }
 * }
 * ```
 */
@Injectable()
export abstract class BaseSseApiService<Config extends SseApiConfig = SseApiConfig> {
  readonly #sse = inject(SseClient);
  readonly #http = inject(HttpClient);
  readonly #config = inject(SSE_CONFIG);
  readonly #injector = inject(Injector);

  /**
   * The data of every event of a stream, whatever its type. Reconnects and resumes by itself; completes when the server completes it.
   *
   * @param endpoint relative to `withBaseUrl()`.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- callers of the guide's method pass data on without a type argument
  protected connectSSE<T = any>(endpoint: string, config?: Config): Observable<T> {
    return this.#open<T>(endpoint, {}, config).pipe(map(({ data }) => data));
  }

  /** The events of a stream whose type is among `eventTypes`, with their types. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any, @typescript-eslint/no-unnecessary-type-parameters -- the signature of the guide
  protected connectSSEWithEvents<T = any>(
    endpoint: string,
    eventTypes: string[],
    config?: Config,
  ): Observable<{ type: string; data: T }> {
    const wanted = new Set(eventTypes);
    return this.#open<T>(endpoint, {}, config).pipe(
      filter(({ type }) => wanted.has(type)),
      map(({ type, data }) => ({ type, data })),
    );
  }

  /**
   * As {@link connectSSE}, for a caller that has a token already. It serves the first attempt; when the server refuses it, and at every
   * reconnection, a token is acquired. Without one, it is acquired from the start.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- callers pass data on without a type argument
  protected connectSSEWithHeaders<T = any>(endpoint: string, token?: string, config?: Config): Observable<T> {
    return this.#open<T>(endpoint, {}, config, token).pipe(map(({ data }) => data));
  }

  /**
   * As {@link connectSSE}, with at most 5 reconnections in a row: then it errors. {@link connectSSE} itself reconnects without limit.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- callers pass data on without a type argument
  protected connectWithRetry<T = any>(endpoint: string, config?: Config): Observable<T> {
    const reconnect = config?.reconnect === 'never' ? {} : config?.reconnect;
    return this.#open<T>(endpoint, { reconnect: { maxAttempts: maxRetries, ...reconnect } }, {
      ...config,
      reconnect: undefined,
    } as unknown as Config).pipe(map(({ data }) => data));
  }

  /**
   * As {@link connectSSE}, and errors with RxJS's `TimeoutError` if no event comes for a while. Heartbeats are no events: for a connection that
   * may be dead, nothing is needed, since the client notices it.
   *
   * @param timeoutMs @default 60_000
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- callers pass data on without a type argument
  protected connectWithTimeout<T = any>(
    endpoint: string,
    timeoutMs: number = defaultTimeoutMs,
    config?: Config,
  ): Observable<T> {
    return this.connectSSE<T>(endpoint, config).pipe(timeout({ each: timeoutMs }));
  }

  /**
   * The data of the answer to a POST that is a stream, such as an assistant's. An interrupted one is not sent again, unless
   * `reconnect: { unsafeMethods: 'repeat' }` says that it may be. An API that ends its answers with `[DONE]` needs
   * `completeOn: { data: '[DONE]' }`.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- callers pass data on without a type argument
  protected postSSE<T = any>(endpoint: string, body: unknown, config?: Config): Observable<T> {
    return this.#open<T>(endpoint, { method: 'POST', body }, config).pipe(map(({ data }) => data));
  }

  protected get<T>(endpoint: string, params?: SseApiParams, config?: Config): Observable<T> {
    return this.#request<T>('GET', endpoint, undefined, params, config);
  }

  protected post<T>(endpoint: string, body: unknown, params?: SseApiParams, config?: Config): Observable<T> {
    return this.#request<T>('POST', endpoint, body, params, config);
  }

  protected put<T>(endpoint: string, body: unknown, params?: SseApiParams, config?: Config): Observable<T> {
    return this.#request<T>('PUT', endpoint, body, params, config);
  }

  protected patch<T>(endpoint: string, body: unknown, params?: SseApiParams, config?: Config): Observable<T> {
    return this.#request<T>('PATCH', endpoint, body, params, config);
  }

  protected delete<T>(endpoint: string, params?: SseApiParams, config?: Config): Observable<T> {
    return this.#request<T>('DELETE', endpoint, undefined, params, config);
  }

  /** Who a call is made as. @default the authentication of `provideSse()` */
  protected authenticationOf(_config: Config | undefined): SseAuthenticationFactory | null {
    return this.#config.authentication;
  }

  /** The options of a stream: those of the call that are not about who it is made as. */
  protected streamOptionsOf(config: Config | undefined): SseOptions {
    return { ...config };
  }

  #open<T>(endpoint: string, options: SseOptions<T>, config?: Config, firstToken?: string): Observable<SseEvent<T>> {
    const given = Object.entries(this.streamOptionsOf(config)).filter(([, value]) => value !== undefined);
    const factory = this.authenticationOf(config);
    return this.#sse.stream<T>(endpoint, {
      // The seed's streams send text and JSON: text stays text, and nothing of it is lost.
      decode: 'auto',
      ...options,
      ...(Object.fromEntries(given) as SseOptions<T>),
      authentication: firstToken === undefined ? factory : (url) => beginWith(firstToken, factory?.(url)),
    });
  }

  #request<T>(
    method: string,
    endpoint: string,
    body: unknown,
    params: SseApiParams = {},
    config: Config | undefined,
  ): Observable<T> {
    return defer(() => {
      const url = this.#sse.resolve(endpoint);
      const factory = this.authenticationOf(config);
      const authentication =
        factory === null ? undefined : runInInjectionContext(this.#injector, () => factory(new URL(url)));
      const send = (demand: TokenDemand | undefined): Observable<T> =>
        from(tokenOf(authentication, demand)).pipe(
          mergeMap((token) => {
            if (token !== undefined) warnOverHttp(url);
            const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
            return this.#http.request<T>(method, url, { body, params, headers });
          }),
        );
      return send(undefined).pipe(
        catchError((error: unknown) => {
          // As for streams (PROTOCOL 8.4): one new token, with the claims demanded, and one more try.
          const isRefused = error instanceof HttpErrorResponse && error.status === 401;
          if (!isRefused || authentication === undefined) return throwError(() => error);
          const demand = tokenDemand(parseChallenges(error.headers.get('WWW-Authenticate')));
          return send(demand ?? { error: undefined, claims: undefined });
        }),
      );
    });
  }
}

async function tokenOf(
  authentication: SseAuthentication | undefined,
  demand: TokenDemand | undefined,
): Promise<string | undefined> {
  // A request that is unsubscribed needs no token; what was acquired is in the cache for the next one.
  return authentication?.accessToken({ demand, signal: new AbortController().signal });
}

function beginWith(firstToken: string, authentication: SseAuthentication | undefined): SseAuthentication {
  let first: string | undefined = firstToken;
  return {
    accessToken: (request) => {
      const token = request.demand === undefined ? first : undefined;
      first = undefined;
      return token ?? authentication?.accessToken(request);
    },
    ended: authentication?.ended ?? NEVER,
  };
}
