import { Injectable } from '@angular/core';
import { BaseMsalApiService, type MsalApiConfig } from '@sillage/angular/msal';
import type { ChatHistory, ChatMessage } from 'demo-contract';
import { from, switchMap, concat, type Observable } from 'rxjs';

/** Conversations that anybody who knows their session may join. */
@Injectable({ providedIn: 'root' })
export class ChatApi extends BaseMsalApiService {
  /** What was said before, then what is said now: the stream goes on from the history's place, so that nothing is lost between them. */
  messages(session: string, config: MsalApiConfig): Observable<ChatMessage> {
    return this.get<ChatHistory>(`chat/${encodeURIComponent(session)}/messages`).pipe(
      switchMap(({ messages, lastEventId }) =>
        concat(
          from(messages),
          this.connectSSE<ChatMessage>(`chat/stream/${encodeURIComponent(session)}`, { ...config, lastEventId }),
        ),
      ),
    );
  }

  send(session: string, text: string): Observable<{ readonly id: string }> {
    return this.post(`chat/${encodeURIComponent(session)}/messages`, { text });
  }
}
