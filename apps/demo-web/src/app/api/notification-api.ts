import { Injectable } from '@angular/core';
import { BaseMsalApiService } from '@sillage/angular/msal';
import type { Inbox, NewNotice } from 'demo-contract';
import type { Observable } from 'rxjs';

/** What people tell each other. */
@Injectable({ providedIn: 'root' })
export class NotificationApi extends BaseMsalApiService {
  inbox(): Observable<Inbox> {
    return this.get('notifications');
  }

  markRead(): Observable<unknown> {
    return this.post('notifications/read', {});
  }

  send(notice: NewNotice): Observable<{ readonly id: string }> {
    return this.post('notifications', notice);
  }
}
