import { Injectable } from '@angular/core';
import { BaseMsalApiService } from '@sillage/angular/msal';
import type { StockSymbol } from 'demo-contract';
import type { Observable } from 'rxjs';

/** What has a price. */
@Injectable({ providedIn: 'root' })
export class StockApi extends BaseMsalApiService {
  symbols(): Observable<readonly StockSymbol[]> {
    return this.get('stocks');
  }
}
