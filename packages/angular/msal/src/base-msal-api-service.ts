import { inject, Injectable } from '@angular/core';
import { BaseSseApiService, type SseApiParams, type SseAuthenticationFactory, type SseOptions } from '@sillage/angular';
import type { MsalApiConfig } from './msal-api-config';
import { msalAuthentication } from './msal-authentication';
import { MSAL_OPTIONS } from './msal-options';

/** The query parameters of a request. */
export type MsalApiParams = SseApiParams;

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
export abstract class BaseMsalApiService extends BaseSseApiService<MsalApiConfig> {
  readonly #options = inject(MSAL_OPTIONS);

  protected override authenticationOf({ scopes, account }: MsalApiConfig = {}): SseAuthenticationFactory {
    return () => msalAuthentication({ scopes: scopes ?? this.#options.scopes, account });
  }

  protected override streamOptionsOf({
    scopes: _scopes,
    account: _account,
    ...options
  }: MsalApiConfig = {}): SseOptions {
    return options;
  }
}
