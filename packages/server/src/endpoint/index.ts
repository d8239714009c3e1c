export { createStreamEndpoint } from './stream-endpoint.ts';
export type { SessionSummary, StreamEndpoint, StreamEndpointOptions } from './stream-endpoint.ts';
export type {
  Authorization,
  FiniteStreamEnd,
  FiniteStreamEvent,
  RespondOptions,
  StreamContext,
  StreamMethod,
  StreamOptions,
  StreamSnapshot,
  StreamSource,
} from './stream-options.ts';
