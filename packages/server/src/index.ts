export type {
  AccessRequirements,
  Admission,
  ClaimsChallenge,
  ClaimsChallengeOptions,
  EntraVerifierOptions,
  Identity,
  Ticket,
  TicketOptions,
  TicketRefusedCode,
  TokenRefusedCode,
  TokenRefusedOptions,
  TokenVerifier,
  TokenTransport,
} from './auth/index.ts';
export {
  claimsChallenge,
  createEntraVerifier,
  isTicketRefusedError,
  isTokenRefusedError,
  TicketRefusedError,
  TokenRefusedError,
} from './auth/index.ts';
export {
  systemClock,
  ClosedError,
  ConfigurationError,
  EventRefusedError,
  SillageServerError,
  StreamFailure,
} from './core/index.ts';
export type { Clock, EventRefusedCode } from './core/index.ts';
export type {
  CorsOptions,
  Denial,
  Refusal,
  TooManyRequests,
  EndpointRequest,
  Exchange,
  SessionTransport,
  TransportWatcher,
} from './http/index.ts';
export type {
  OutgoingEvent,
  EncodableEvent,
  EventPlace,
  EventLog,
  GapReason,
  LogBatch,
  LogEntry,
  LoggedEvent,
  LogGap,
  LogPage,
  LogReadRequest,
  LogTail,
  LogTailListener,
  StoredBatch,
} from './events/index.ts';
export { encodeComment, encodeEvent, formatEventId, isEpoch, parseEventId, locateCursor } from './events/index.ts';
export type {
  SubscriptionSink,
  SubscriptionSnapshot,
  Hub,
  HubObserver,
  HubOptions,
  PublishOptions,
  TopicEvent,
  SignalListener,
  Signals,
  SubscribeOptions,
} from './hub/index.ts';
export { createHub } from './hub/index.ts';
export { createMemoryEventLog } from './logs/index.ts';
export type { MemoryEventLogOptions } from './logs/index.ts';
export { createPresence } from './presence/index.ts';
export type { Presence, PresenceChange, PresenceOptions } from './presence/index.ts';
export { isServerError } from './server-error.ts';
export type { ServerError } from './server-error.ts';
export type { DrainOptions, SessionCounts, SessionCloseReason } from './sessions/index.ts';
export { createPublishEndpoint, createStreamEndpoint, createStreams } from './endpoint/index.ts';
export type {
  CreateStreamsOptions,
  FiniteStreamDefinition,
  PathParams,
  StreamDefinition,
  Streams,
  StreamTable,
  TableContext,
  TopicStreamDefinition,
} from './endpoint/index.ts';
export type {
  ConnectionAttempt,
  PublishEndpoint,
  PublishEndpointOptions,
  TopicGrants,
  SessionSummary,
  StreamEndpoint,
  StreamEndpointOptions,
  Authorization,
  FiniteStreamEnd,
  FiniteStreamEvent,
  RespondOptions,
  StreamContext,
  MultiplexOptions,
  StreamMethod,
  StreamOptions,
  StreamSnapshot,
  StreamSource,
} from './endpoint/index.ts';
