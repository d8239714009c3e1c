import { InjectionToken } from '@angular/core';
import type { StreamRuntime } from '@sillage/client';
import type { SseRequest } from './sse-request';

/** One stream, for all of its attempts. */
export interface SseTransportStream {
  readonly fetch: typeof globalThis.fetch;
  /** The stream has ended, or its subscriber has left. */
  close(): void;
}

/** What carries the requests of streams, instead of the network. */
export interface SseTransport {
  /** Called once for each subscription. */
  open(request: SseRequest): SseTransportStream;
  readonly runtime: Partial<StreamRuntime>;
}

/**
 * Replaces the network of all streams; multiplexing and tab sharing are off then. `provideSseTesting()` of `@sillage/angular/testing` provides it.
 */
export const SSE_TRANSPORT = new InjectionToken<SseTransport>('SSE_TRANSPORT');
