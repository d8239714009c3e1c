import { inject, Injectable } from '@angular/core';
import { BaseMsalApiService, type MsalApiConfig } from '@sillage/angular/msal';
import type { ChatHistory, ChatMessage } from 'demo-contract';
import { concat, from, switchMap, type Observable } from 'rxjs';
import { SseApiService } from './sse-api.service';

/** Conversations that anybody who knows their session may join. */
@Injectable({ providedIn: 'root' })
export class ChatApi extends BaseMsalApiService {
  readonly #sse = inject(SseApiService);

  /**
   * What was said before, then what is said now: the stream goes on from the history's place, so that nothing is lost between them. With a
   * `lastEventId`, only what came after it.
   */
  messages(session: string, config: MsalApiConfig): Observable<ChatMessage> {
    if (config.lastEventId !== undefined) return this.#sse.connectToChatStream(session, config);
    return this.get<ChatHistory>(`chat/${encodeURIComponent(session)}/messages`).pipe(
      switchMap(({ messages, lastEventId }) => {
        config.onEventId?.(lastEventId);
        return concat(from(messages), this.#sse.connectToChatStream(session, { ...config, lastEventId }));
      }),
    );
  }

  send(session: string, text: string): Observable<{ readonly id: string }> {
    return this.post(`chat/${encodeURIComponent(session)}/messages`, { text });
  }
}
