import { InjectionToken } from '@angular/core';
import type { AccessTokenFunction, ReconnectPolicy, SseError, StreamRuntime } from '@sillage/client';
import type { Observable } from 'rxjs';
import type { SseInterceptorFn } from './sse-interceptor';

/** Who a stream is opened as. One is made for each subscription, so that it can pin an account. */
export interface SseAuthentication {
  /** Asked at every attempt. */
  readonly accessToken: AccessTokenFunction;
  /** Emits when the stream must end because its user is no longer there. It then fails with this error. */
  readonly ended: Observable<SseError>;
}

/** Makes the authentication of one subscription to the stream at `url`. Called in an injection context. */
export type SseAuthenticationFactory = (url: URL) => SseAuthentication;

/** What `provideSse()` was told. */
export interface SseConfig {
  readonly baseUrl: string | null;
  readonly allowedOrigins: readonly string[];
  readonly authentication: SseAuthenticationFactory | null;
  readonly interceptors: readonly SseInterceptorFn[];
  readonly reconnect: 'never' | Partial<ReconnectPolicy>;
  readonly fetch: typeof globalThis.fetch | null;
  readonly runtime: Partial<StreamRuntime>;
}

export const SSE_CONFIG = new InjectionToken<SseConfig>('SSE_CONFIG', {
  factory: () => {
    throw new Error('No SSE configuration: add provideSse(withBaseUrl(…)) to the providers of the application.');
  },
});
