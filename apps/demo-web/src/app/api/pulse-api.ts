import { HttpClient } from '@angular/common/http';
import { inject, Injectable } from '@angular/core';
import { SseClient } from '@sillage/angular';
import { BaseMsalApiService, type MsalApiConfig } from '@sillage/angular/msal';
import type { NewShowcaseFault, Pulse, PulseReport, StreamFault } from 'demo-contract';
import { map, type Observable } from 'rxjs';

/** Numbered events, to prove what arrives. For anonymous viewers, with faults that they can cause to themselves. */
@Injectable({ providedIn: 'root' })
export class ShowcaseApi {
  readonly #client = inject(SseClient);
  readonly #http = inject(HttpClient);

  /** @param viewer a UUID, which names the stream in {@link cause}. */
  stream(viewer: string, config: MsalApiConfig): Observable<Pulse> {
    return this.#client
      .stream(this.urlOf(viewer), { ...config, authentication: null, connection: 'separate' })
      .pipe(map(({ data }) => data as Pulse));
  }

  /** For other clients on the same stream. */
  urlOf(viewer: string): string {
    return this.#client.resolve(`showcase/stream?viewer=${viewer}`);
  }

  report(): Observable<PulseReport> {
    return this.#http.get<PulseReport>(this.#client.resolve('showcase/pulse'));
  }

  cause(fault: NewShowcaseFault): Observable<unknown> {
    return this.#http.post(this.#client.resolve('showcase/faults'), fault);
  }
}

/** The same events for signed-in users, with the faults of the chaos page. */
@Injectable({ providedIn: 'root' })
export class PulseApi extends BaseMsalApiService {
  /** On a separate connection: the faults are of this stream, and not of those that would share it. */
  stream(config: MsalApiConfig): Observable<Pulse> {
    return this.connectSSE<Pulse>('pulse/stream', { ...config, connection: 'separate' });
  }

  cause(fault: StreamFault): Observable<unknown> {
    return this.post('chaos/faults', fault);
  }

  setTokenLifetime(ms: number): Observable<unknown> {
    return this.post('chaos/token-lifetime', { ms });
  }

  rotateKeys(): Observable<unknown> {
    return this.post('chaos/rotate-keys', {});
  }

  restartApi(): Observable<unknown> {
    return this.post('chaos/restart', {});
  }
}
