export { createStreamEndpoint } from './stream-endpoint.ts';
export type { ConnectionAttempt } from './acceptance.ts';
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
export type { MultiplexOptions } from './multiplex.ts';
export { createStreams } from './streams-table.ts';
export type {
  CreateStreamsOptions,
  FiniteStreamDefinition,
  PathParams,
  StreamDefinition,
  Streams,
  StreamTable,
  TableContext,
  TopicStreamDefinition,
} from './streams-table.ts';
export { createPublishEndpoint } from './publish-endpoint.ts';
export type { PublishEndpoint, PublishEndpointOptions } from './publish-endpoint.ts';
export type { TopicGrants } from './topic-grants.ts';
