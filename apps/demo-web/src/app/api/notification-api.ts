import { Injectable } from '@angular/core';
import { BaseMsalApiService, type MsalApiConfig } from '@sillage/angular/msal';
import type { NewNotice, Notice } from 'demo-contract';
import type { Observable } from 'rxjs';

/** What people tell each other. */
@Injectable({ providedIn: 'root' })
export class NotificationApi extends BaseMsalApiService {
  /** The notices sent to whoever is signed in. */
  stream(config: MsalApiConfig): Observable<Notice> {
    return this.connectSSE<Notice>('notifications/stream', config);
  }

  send(notice: NewNotice): Observable<{ readonly id: string }> {
    return this.post('notifications', notice);
  }
}
