import { Injectable } from '@angular/core';
import { BaseMsalApiService, type MsalApiConfig } from '@sillage/angular/msal';
import type { TypedEvent, TypedEventKind } from 'demo-contract';
import type { Observable } from 'rxjs';

/** A {@link TypedEvent} and its kind. */
export interface KindedEvent {
  readonly type: string;
  readonly data: TypedEvent;
}

/** Events of several kinds on one stream. */
@Injectable({ providedIn: 'root' })
export class EventApi extends BaseMsalApiService {
  stream(kinds: readonly TypedEventKind[], config: MsalApiConfig): Observable<KindedEvent> {
    return this.connectSSEWithEvents<TypedEvent>('events/stream', [...kinds], config);
  }

  publish(type: TypedEventKind, text: string): Observable<{ readonly id: string }> {
    return this.post('events', { type, text });
  }
}
