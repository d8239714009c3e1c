import { Injectable } from '@angular/core';
import { BaseMsalApiService, type MsalApiConfig } from '@sillage/angular/msal';
import type { AssistantInfo, ChatPrompt } from 'demo-contract';
import type { Observable } from 'rxjs';

/** Answers, token by token. */
@Injectable({ providedIn: 'root' })
export class AssistantApi extends BaseMsalApiService {
  info(): Observable<AssistantInfo> {
    return this.get('assistant');
  }

  ask(prompt: ChatPrompt, config: MsalApiConfig): Observable<string> {
    return this.postSSE<string>('chat/completions/stream', prompt, config);
  }
}
