export type { AccessRequirements, Admission } from './access.ts';
export { claimsChallenge, createEntraVerifier, isTokenRefusedError, TokenRefusedError } from './auth/index.ts';
export type {
  ClaimsChallenge,
  ClaimsChallengeOptions,
  EntraVerifierOptions,
  Identity,
  Ticket,
  TicketOptions,
  TokenRefusedCode,
  TokenRefusedOptions,
  TokenVerifier,
} from './auth/index.ts';
export type { TokenTransport } from './bearer-token.ts';
export { systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
export type { CorsOptions } from './cors.ts';
export { ClosedError, ConfigurationError, EventRefusedError, SillageServerError, StreamFailure } from './errors.ts';
export type { EventRefusedCode } from './errors.ts';
export type { OutgoingEvent } from './event-draft.ts';
export { encodeComment, encodeEvent } from './event-encoder.ts';
export type { EncodableEvent } from './event-encoder.ts';
export { formatEventId, isEpoch, parseEventId } from './event-id.ts';
export type { EventPlace } from './event-id.ts';
export type { SubscriptionSink, SubscriptionSnapshot } from './event-sender.ts';
export { locateCursor } from './event-log.ts';
export type {
  EventLog,
  GapReason,
  LogEntry,
  LoggedEvent,
  LogGap,
  LogPage,
  LogReadRequest,
  LogTail,
  LogTailListener,
} from './event-log.ts';
export { createHub } from './hub.ts';
export type { Hub, HubOptions } from './hub.ts';
export { createMemoryEventLog } from './logs/index.ts';
export type { MemoryEventLogOptions } from './logs/index.ts';
export type { Denial, Refusal, TooManyRequests } from './problem.ts';
export { isServerError } from './server-error.ts';
export type { ServerError } from './server-error.ts';
export type { SessionCounts } from './session-registry.ts';
export type { EndpointRequest, Exchange, SessionTransport } from './session-transport.ts';
export type { SessionCloseReason } from './session.ts';
export { createStreamEndpoint } from './stream-endpoint.ts';
export type { SessionSummary, StreamEndpoint, StreamEndpointOptions } from './stream-endpoint.ts';
export type {
  Authorization,
  FiniteStreamEvent,
  RespondOptions,
  StreamContext,
  StreamMethod,
  StreamOptions,
  StreamSnapshot,
  StreamSource,
} from './stream-options.ts';
export type { SubscribeOptions } from './subscription.ts';
