import { Injectable } from '@angular/core';
import { BaseMsalApiService } from '@sillage/angular/msal';
import type { Observable } from 'rxjs';

/** The API's demand for a second factor from whoever is signed in. */
@Injectable({ providedIn: 'root' })
export class SecurityApi extends BaseMsalApiService {
  /** Ends the person's streams: they come back once the second factor was given. */
  demandSecondFactor(): Observable<null> {
    return this.post('security/step-up', null);
  }

  withdrawDemand(): Observable<null> {
    return this.delete('security/step-up');
  }
}
