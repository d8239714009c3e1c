export type { AccessTokenFunction, AccessTokenRequest } from './access-token.ts';
export { parseChallenges, tokenDemand } from './challenge.ts';
export type { Challenge, TokenDemand } from './challenge.ts';
export type { Decode, SchemaResult, StandardSchema } from './decode.ts';
export {
  AccessTokenError,
  ConnectionError,
  InteractionRequiredError,
  InvalidDataError,
  InvalidOptionError,
  isSseError,
  ProtocolError,
  ResponseError,
  SignedOutError,
  SseError,
  StreamFailedError,
} from './errors.ts';
export type { SseErrorCode, StreamError } from './errors.ts';
export type { Gap, GapReason, SseEvent } from './event.ts';
export { createEventStream } from './event-stream.ts';
export type { EventStream, StreamObserver } from './event-stream.ts';
export type { EventStreamOptions } from './options.ts';
export type { PageLifecycle } from './page-lifecycle.ts';
export { decideReconnect, defaultReconnectPolicy } from './reconnect-policy.ts';
export type {
  Decision,
  Outcome,
  ReconnectHints,
  ReconnectHistory,
  ReconnectPolicy,
  RequestKind,
} from './reconnect-policy.ts';
export type { StreamRuntime } from './runtime.ts';
export type { StreamState } from './stream-state.ts';
export { requestTicketUrl } from './ticket.ts';
export type { TicketRequest } from './ticket.ts';
