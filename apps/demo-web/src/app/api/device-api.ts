import { Injectable } from '@angular/core';
import { BaseMsalApiService } from '@sillage/angular/msal';
import type { DeviceList } from 'demo-contract';
import type { Observable } from 'rxjs';

/** The devices that were heard of. */
@Injectable({ providedIn: 'root' })
export class DeviceApi extends BaseMsalApiService {
  all(): Observable<DeviceList> {
    return this.get('iot');
  }
}
