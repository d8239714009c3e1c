import { InjectionToken } from '@angular/core';
import type { ReconnectPolicy, StreamRuntime } from '@sillage/client';
import type { Multiplexer, MultiplexerOptions } from '@sillage/client/sharing';
import type { SseAuthenticationFactory } from './sse-authentication';
import type { SseInterceptorFn } from './sse-interceptor';

/** What `provideSse()` was told. */
export interface SseConfig {
  readonly baseUrl: string | null;
  readonly allowedOrigins: readonly string[];
  readonly authentication: SseAuthenticationFactory | null;
  readonly interceptors: readonly SseInterceptorFn[];
  readonly reconnect: 'never' | Partial<ReconnectPolicy>;
  readonly fetch: typeof globalThis.fetch | null;
  readonly runtime: Partial<StreamRuntime>;
  /** Creates the multiplexer of the base URL; `null`: each stream has a connection. */
  readonly multiplexing: ((baseUrl: string, options: MultiplexerOptions) => Multiplexer) | null;
  /** Creates what shares the connection of the base URL with other tabs; it multiplexes too. `null`: each tab has its own. */
  readonly tabSharing: ((baseUrl: string, options: MultiplexerOptions) => Multiplexer) | null;
}

export const SSE_CONFIG = new InjectionToken<SseConfig>('SSE_CONFIG', {
  factory: () => {
    throw new Error('No SSE configuration: add provideSse(withBaseUrl(…)) to the providers of the application.');
  },
});
