import { Injectable } from '@angular/core';
import { BaseMsalApiService } from '@sillage/angular/msal';
import type { NewNotice } from 'demo-contract';
import type { Observable } from 'rxjs';

/** What people tell each other. */
@Injectable({ providedIn: 'root' })
export class NotificationApi extends BaseMsalApiService {
  send(notice: NewNotice): Observable<{ readonly id: string }> {
    return this.post('notifications', notice);
  }
}
