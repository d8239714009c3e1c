import { HttpClient, HttpErrorResponse, type HttpParams } from '@angular/common/http';
import { inject, Injectable } from '@angular/core';
import { SseClient, type SseOptions } from '@sillage/angular';
import { parseChallenges, tokenDemand, type TokenDemand } from '@sillage/client';
import { catchError, defer, filter, from, map, mergeMap, throwError, type Observable } from 'rxjs';
import type { MsalApiConfig } from './msal-api-config';
import { msalAuthentication } from './msal-authentication';
import { MSAL_OPTIONS } from './msal-options';
import { MsalTokens } from './msal-tokens';

/** The query parameters of a request. */
export type MsalApiParams =
  HttpParams | Readonly<Record<string, string | number | boolean | readonly (string | number | boolean)[]>>;

/**
 * The base of an application's API services: streams and requests that carry an access token of the signed-in user. Tokens are acquired and
 * refreshed by themselves; nothing here ever opens a window.
 *
 * @usageNotes
 * ```ts
 * @Injectable({ providedIn: 'root' })
 * export class ChatApi extends BaseMsalApiService {
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
export abstract class BaseMsalApiService {
  readonly #sse = inject(SseClient);
  readonly #http = inject(HttpClient);
  readonly #tokens = inject(MsalTokens);
  readonly #options = inject(MSAL_OPTIONS);

  /**
   * The data of every event of a stream, whatever its type. Reconnects and resumes by itself; completes when the server completes it.
   *
   * @param endpoint relative to `withBaseUrl()`.
   */
  // `any` by default, as the seed's callers count on: `this.handle(data)` compiles without a type argument.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  protected connectSSE<T = any>(endpoint: string, msalConfig?: MsalApiConfig): Observable<T> {
    return this.#openSSE<T>(endpoint, {}, msalConfig).pipe(map(({ data }) => data));
  }

  /** The events of a stream whose type is among `eventTypes`, with their types. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any, @typescript-eslint/no-unnecessary-type-parameters -- the seed's signature
  protected connectSSEWithEvents<T = any>(
    endpoint: string,
    eventTypes: string[],
    msalConfig?: MsalApiConfig,
  ): Observable<{ type: string; data: T }> {
    const wanted = new Set(eventTypes);
    return this.#openSSE<T>(endpoint, {}, msalConfig).pipe(
      filter(({ type }) => wanted.has(type)),
      map(({ type, data }) => ({ type, data })),
    );
  }

  /**
   * As {@link connectSSE}, for a caller that has a token already. It serves the first attempt; when the server refuses it, and at every
   * reconnection, MSAL is asked. Without one, MSAL is asked from the start.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as connectSSE
  protected connectSSEWithHeaders<T = any>(
    endpoint: string,
    token?: string,
    msalConfig?: MsalApiConfig,
  ): Observable<T> {
    return this.#openSSE<T>(endpoint, {}, msalConfig, token).pipe(map(({ data }) => data));
  }

  /**
   * The data of the answer to a POST that is a stream, such as an assistant's. An interrupted one is not sent again, unless
   * `reconnect: { unsafeMethods: 'repeat' }` says that it may be.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as connectSSE
  protected postSSE<T = any>(endpoint: string, body: unknown, msalConfig?: MsalApiConfig): Observable<T> {
    return this.#openSSE<T>(endpoint, { method: 'POST', body }, msalConfig).pipe(map(({ data }) => data));
  }

  protected get<T>(endpoint: string, params?: MsalApiParams, msalConfig?: MsalApiConfig): Observable<T> {
    return this.#request<T>('GET', endpoint, undefined, params, msalConfig);
  }

  protected post<T>(
    endpoint: string,
    body: unknown,
    params?: MsalApiParams,
    msalConfig?: MsalApiConfig,
  ): Observable<T> {
    return this.#request<T>('POST', endpoint, body, params, msalConfig);
  }

  protected put<T>(endpoint: string, body: unknown, params?: MsalApiParams, msalConfig?: MsalApiConfig): Observable<T> {
    return this.#request<T>('PUT', endpoint, body, params, msalConfig);
  }

  protected patch<T>(
    endpoint: string,
    body: unknown,
    params?: MsalApiParams,
    msalConfig?: MsalApiConfig,
  ): Observable<T> {
    return this.#request<T>('PATCH', endpoint, body, params, msalConfig);
  }

  protected delete<T>(endpoint: string, params?: MsalApiParams, msalConfig?: MsalApiConfig): Observable<T> {
    return this.#request<T>('DELETE', endpoint, undefined, params, msalConfig);
  }

  #openSSE<T>(endpoint: string, options: SseOptions<T>, msalConfig: MsalApiConfig = {}, firstToken?: string) {
    const { scopes, account, ...streaming } = msalConfig;
    return this.#sse.stream<T>(endpoint, {
      // The seed's streams send text and JSON: text stays text, and nothing of it is lost.
      decode: 'auto',
      ...options,
      ...(streaming as SseOptions<T>),
      authentication: () => msalAuthentication({ scopes, account, firstToken }),
    });
  }

  #request<T>(
    method: string,
    endpoint: string,
    body: unknown,
    params: MsalApiParams = {},
    msalConfig: MsalApiConfig = {},
  ): Observable<T> {
    const { scopes = this.#options.scopes, account } = msalConfig;
    const send = (demand: TokenDemand | undefined): Observable<T> =>
      defer(() => from(this.#tokens.acquire(account ?? this.#tokens.account(), scopes, demand))).pipe(
        mergeMap((token) =>
          this.#http.request<T>(method, this.#sse.resolve(endpoint), {
            body,
            params,
            headers: { Authorization: `Bearer ${token}` },
          }),
        ),
      );
    return send(undefined).pipe(
      catchError((error: unknown) => {
        // As for streams (PROTOCOL 8.4): one new token, with the claims demanded, and one more try.
        if (!(error instanceof HttpErrorResponse) || error.status !== 401) return throwError(() => error);
        const demand = tokenDemand(parseChallenges(error.headers.get('WWW-Authenticate')));
        return send(demand ?? { error: undefined, claims: undefined });
      }),
    );
  }
}
