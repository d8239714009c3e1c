import type { SseEvent } from '@sillage/client';
import type { Observable } from 'rxjs';
import type { SseRequest } from './sse-request';

/** The rest of the chain: opens the stream that `request` describes. */
export type SseHandlerFn = (request: SseRequest) => Observable<SseEvent>;

/**
 * Changes a stream's request, or its events. Called once a subscription, in an injection context, in the order given to
 * `withInterceptors()`.
 *
 * @usageNotes
 * ```ts
 * const language: SseInterceptorFn = (request, next) =>
 *   next({ ...request, headers: { ...request.headers, 'Accept-Language': inject(LOCALE_ID) } });
 * ```
 */
export type SseInterceptorFn = (request: SseRequest, next: SseHandlerFn) => Observable<SseEvent>;
