import { makeEnvironmentProviders, type EnvironmentProviders, type Provider } from '@angular/core';
import type { ReconnectPolicy, StreamRuntime } from '@sillage/client';
import {
  createMultiplexer,
  createTabSharing,
  type MultiplexerOptions,
  type TabSharingOptions,
} from '@sillage/client/sharing';
import type { SseAuthenticationFactory } from './sse-authentication';
import { SSE_CONFIG, type SseConfig } from './sse-config';
import type { SseInterceptorFn } from './sse-interceptor';

/** What a feature is about. Two features of a kind contradict each other. */
export type SseFeatureKind =
  | 'allowed-origins'
  | 'authentication'
  | 'base-url'
  | 'interceptors'
  | 'multiplexing'
  | 'reconnect'
  | 'runtime'
  | 'tab-sharing';

/** A part of the configuration, made by a `withX()` function. */
export interface SseFeature {
  readonly kind: SseFeatureKind;
  /** Called once, in an injection context. */
  readonly configure: () => Partial<SseConfig>;
  readonly providers: readonly (Provider | EnvironmentProviders)[];
}

/**
 * Configures server-sent events for the application.
 *
 * @usageNotes
 * ```ts
 * bootstrapApplication(App, {
 *   providers: [provideSse(withBaseUrl('https://api.contoso.example'), withMsal({ scopes: ['api://orders/Stream.Access'] }))],
 * });
 * ```
 * @throws where two features of a kind are given, such as `withMsal()` beside `withAuthentication()`.
 */
export function provideSse(...features: readonly SseFeature[]): EnvironmentProviders {
  const kinds = new Set<SseFeatureKind>();
  for (const { kind } of features) {
    if (kinds.has(kind))
      throw new Error(`provideSse() was given two features of the kind "${kind}": keep one of them.`);
    kinds.add(kind);
  }
  return makeEnvironmentProviders([
    ...features.flatMap(({ providers }) => providers),
    {
      provide: SSE_CONFIG,
      useFactory: (): SseConfig =>
        Object.assign({}, defaults, ...features.map(({ configure }) => configure())) as SseConfig,
    },
  ]);
}

const defaults: SseConfig = {
  baseUrl: null,
  allowedOrigins: [],
  authentication: null,
  interceptors: [],
  reconnect: {},
  fetch: null,
  runtime: {},
  multiplexing: null,
  tabSharing: null,
};

/** What relative URLs are relative to. A function is called once, in an injection context. Default: the page's base. */
export function withBaseUrl(baseUrl: string | (() => string)): SseFeature {
  return feature('base-url', () => ({ baseUrl: typeof baseUrl === 'string' ? baseUrl : baseUrl() }));
}

/** Origins beside the base URL's that streams, and so tokens, may go to. */
export function withAllowedOrigins(...allowedOrigins: readonly string[]): SseFeature {
  return feature('allowed-origins', () => ({ allowedOrigins }));
}

/** Who streams are opened as. `withMsal()` of `@sillage/angular/msal` is one of these, for Microsoft Entra ID. */
export function withAuthentication(
  authentication: SseAuthenticationFactory,
  providers: readonly (Provider | EnvironmentProviders)[] = [],
): SseFeature {
  return { kind: 'authentication', configure: () => ({ authentication }), providers };
}

/** Functions that every stream's request passes through, in this order. */
export function withInterceptors(...interceptors: readonly SseInterceptorFn[]): SseFeature {
  return feature('interceptors', () => ({ interceptors }));
}

/**
 * The streams under the base URL share one connection, because over HTTP/1.1 a browser has six for an origin. Each behaves as before. The server
 * must have the multiplex endpoint (PROTOCOL 10), as `createStreams` of `@sillage/server` does; without it, each stream has a connection.
 *
 * @usageNotes
 * ```ts
 * provideSse(withBaseUrl('https://api.contoso.example'), withMultiplexing())
 * ```
 */
export function withMultiplexing(options: Pick<MultiplexerOptions, 'maxQueuedBytes' | 'multiplexAt'> = {}): SseFeature {
  return feature('multiplexing', () => ({
    multiplexing: (baseUrl, rest) => createMultiplexer(baseUrl, { ...rest, ...options }),
  }));
}

/**
 * All tabs of the application share one connection, in a SharedWorker or in one of the tabs; it includes `withMultiplexing()`. If that tab closes,
 * crashes or freezes, streams continue elsewhere from their positions, and their state stays `open`. Streams of different users never share one.
 *
 * @param options `worker`: creates the SharedWorker, whose file calls `serveTabs()` of `@sillage/client/sharing`. Without it, a tab holds the connection.
 * @usageNotes
 * ```ts
 * const worker = () => new SharedWorker(new URL('./sillage.worker', import.meta.url), { type: 'module', name: 'sillage' });
 * provideSse(withBaseUrl('https://api.contoso.example'), withTabSharing({ worker }))
 * ```
 */
export function withTabSharing(
  options: Pick<TabSharingOptions, 'worker' | 'name' | 'maxQueuedBytes' | 'multiplexAt'> = {},
): SseFeature {
  return feature('tab-sharing', () => ({
    tabSharing: (baseUrl, rest) => createTabSharing(baseUrl, { ...rest, ...options }),
  }));
}

/** How streams reconnect, or `'never'`. */
export function withReconnect(reconnect: 'never' | Partial<ReconnectPolicy>): SseFeature {
  return feature('reconnect', () => ({ reconnect }));
}

/** The `fetch`, clock and chance that streams use: for tests, and for apps that instrument `fetch`. */
export function withRuntime(
  runtime: Partial<StreamRuntime> & { readonly fetch?: typeof globalThis.fetch },
): SseFeature {
  const { fetch = null, ...rest } = runtime;
  return feature('runtime', () => ({ fetch, runtime: rest }));
}

function feature(kind: SseFeatureKind, configure: () => Partial<SseConfig>): SseFeature {
  return { kind, configure, providers: [] };
}
