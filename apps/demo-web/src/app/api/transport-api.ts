import { inject, Injectable } from '@angular/core';
import { SseClient } from '@sillage/angular';
import { BaseMsalApiService, type MsalApiConfig } from '@sillage/angular/msal';
import type { TransportSight } from 'demo-contract';
import { defer, map, NEVER, Observable, race, retry, switchMap, tap, timer } from 'rxjs';

const path = 'transports/stream';

/** The ways to carry a token, for comparison. */
@Injectable({ providedIn: 'root' })
export class TransportApi extends BaseMsalApiService {
  readonly #client = inject(SseClient);

  /** On a separate connection, so that its request can be seen beside the others. */
  byHeader(config: MsalApiConfig): Observable<TransportSight> {
    return this.connectSSE<TransportSight>(path, { ...config, connection: 'separate' });
  }

  byQuery(config: MsalApiConfig): Observable<TransportSight> {
    return this.connectSSE<TransportSight>(path, { ...config, tokenTransport: 'query' });
  }

  /**
   * The browser's own EventSource, which can send no header: a single-use ticket opens it. It would reconnect with the same URL, so it is
   * closed at its first error, and another ticket asked for.
   */
  byTicket({ onState, reconnectOn }: MsalApiConfig): Observable<TransportSight> {
    const url = this.#client.resolve(path);
    return defer(() => {
      onState?.({ status: 'connecting', attempt: 1 });
      return this.post<{ readonly ticket: string }>('transports/tickets', { path: new URL(url).pathname });
    }).pipe(
      switchMap(({ ticket }) => eventSource(`${url}?ticket=${ticket}`)),
      tap((event) => {
        if (event === 'open') onState?.({ status: 'open', since: Date.now() });
      }),
      retry({
        delay: () => {
          onState?.({ status: 'waiting', retryAt: Date.now() + retryMs, attempt: 2, error: undefined });
          return race(timer(retryMs), reconnectOn ?? NEVER);
        },
      }),
      switchMap((event) => (event === 'open' ? [] : [event])),
      map((event) => JSON.parse(event.data) as TransportSight),
    );
  }
}

const retryMs = 2_000;

function eventSource(url: string): Observable<MessageEvent<string> | 'open'> {
  return new Observable((subscriber) => {
    const source = new EventSource(url);
    source.onopen = () => subscriber.next('open');
    source.onmessage = (event: MessageEvent<string>) => subscriber.next(event);
    source.onerror = () => subscriber.error(new Error('The connection was lost.'));
    return () => source.close();
  });
}
