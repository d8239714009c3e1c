import { Injectable } from '@angular/core';
import { BaseMsalApiService } from '@sillage/angular/msal';
import type { AssistantInfo, ConversationHistory } from 'demo-contract';
import type { Observable } from 'rxjs';

/** Who answers, and what was said. The answers themselves: {@link SseApiService.streamChatCompletion}. */
@Injectable({ providedIn: 'root' })
export class AssistantApi extends BaseMsalApiService {
  info(): Observable<AssistantInfo> {
    return this.get('assistant');
  }

  conversation(conversationId: string): Observable<ConversationHistory> {
    return this.get(`chat/conversations/${encodeURIComponent(conversationId)}`);
  }
}
