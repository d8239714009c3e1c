export {
  provideSse,
  withAllowedOrigins,
  withAuthentication,
  withBaseUrl,
  withInterceptors,
  withReconnect,
  withRuntime,
} from './provide-sse';
export type { SseFeature, SseFeatureKind } from './provide-sse';
export { SseClient } from './sse-client';
export type { SseAuthentication, SseAuthenticationFactory } from './sse-authentication';
export type { SseConfig } from './sse-config';
export type { SseHandlerFn, SseInterceptorFn } from './sse-interceptor';
export type { SseOptions, SseRequest } from './sse-request';
export { SseStreams } from './sse-streams';
export type { SseStreamStatus } from './sse-streams';
