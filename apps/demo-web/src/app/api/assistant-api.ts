import { Injectable } from '@angular/core';
import { BaseMsalApiService } from '@sillage/angular/msal';
import type { AssistantInfo } from 'demo-contract';
import type { Observable } from 'rxjs';

/** Who answers. The answers themselves: {@link SseApiService.streamChatCompletion}. */
@Injectable({ providedIn: 'root' })
export class AssistantApi extends BaseMsalApiService {
  info(): Observable<AssistantInfo> {
    return this.get('assistant');
  }
}
