// What a consumer of a stream names: so that one import is enough.
export { InteractionRequiredError, isSseError, SignedOutError, SseError } from '@sillage/client';
export type { Gap, SseErrorCode, SseEvent, StreamError, StreamState } from '@sillage/client';
export { BaseSseApiService } from './base-sse-api-service';
export type { SseApiConfig, SseApiParams } from './base-sse-api-service';
export { withToken } from './with-token';
export type { WithTokenOptions } from './with-token';
export {
  provideSse,
  withAllowedOrigins,
  withAuthentication,
  withBaseUrl,
  withInterceptors,
  withMultiplexing,
  withReconnect,
  withRuntime,
  withTabSharing,
} from './provide-sse';
export type { SseFeature, SseFeatureKind } from './provide-sse';
export type { SseResourceOptions, SseResourceRef, SseResourceRequest, SseResourceSnapshot } from './resource-options';
export { SseClient } from './sse-client';
export type { SseEventOf } from './sse-client';
export type { SseAuthentication, SseAuthenticationFactory } from './sse-authentication';
export type { SseConfig } from './sse-config';
export type { SseHandlerFn, SseInterceptorFn } from './sse-interceptor';
export { sseResource } from './sse-resource';
export type { SseResourceRequestFn } from './sse-resource';
export type { SseOptions, SseRequest, SseStreamOptions } from './sse-request';
export { SSE_TRANSPORT } from './sse-transport';
export type { SseTransport, SseTransportStream } from './sse-transport';
export { SseStreams } from './sse-streams';
export type { SseStreamStatus } from './sse-streams';
