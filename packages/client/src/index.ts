export type { AccessTokenFunction, AccessTokenRequest } from './policy/index.ts';
export { parseChallenges, tokenDemand } from './headers/index.ts';
export type { Challenge, TokenDemand } from './headers/index.ts';
export type { Decode, SchemaResult, StandardSchema } from './options/index.ts';
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
export { createEventStream } from './stream/index.ts';
export type { EventStream, StreamObserver } from './stream/index.ts';
export type { EventStreamOptions } from './options/index.ts';
export type { PageLifecycle } from './options/index.ts';
export { decideReconnect, defaultReconnectPolicy } from './policy/index.ts';
export type {
  Decision,
  Outcome,
  ReconnectHints,
  ReconnectHistory,
  ReconnectPolicy,
  RequestKind,
} from './policy/index.ts';
export type { StreamRuntime } from './options/index.ts';
export type { StreamState } from './stream-state.ts';
export { requestTicketUrl } from './connection/index.ts';
export type { TicketRequest } from './connection/index.ts';
