import { Injectable } from '@angular/core';
import { BaseMsalApiService } from '@sillage/angular/msal';
import type { Me, Person } from 'demo-contract';
import type { Observable } from 'rxjs';

/** Who there is. */
@Injectable({ providedIn: 'root' })
export class PeopleApi extends BaseMsalApiService {
  me(): Observable<Me> {
    return this.get('me');
  }

  /** Everybody who has called the API since it started. */
  all(): Observable<readonly Person[]> {
    return this.get('people');
  }
}
