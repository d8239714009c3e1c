export { requestTicketUrl } from './connection/index.ts';
export type { TicketRequest } from './connection/index.ts';
export {
  AccessTokenError,
  ConnectionError,
  GapError,
  InteractionRequiredError,
  InvalidDataError,
  InvalidOptionError,
  isSseError,
  ProtocolError,
  ResponseError,
  SignedOutError,
  SlowConsumerError,
  SseError,
  StreamFailedError,
} from './errors.ts';
export type { SseErrorCode, StreamError } from './errors.ts';
export type { Gap, GapReason, SseEvent } from './event.ts';
export { parseChallenges, tokenDemand } from './headers/index.ts';
export type { Challenge, TokenDemand } from './headers/index.ts';
export type {
  CompleteOn,
  Decode,
  EventStreamOptions,
  PageLifecycle,
  RawEvent,
  ReservedEvent,
  SchemaResult,
  StandardSchema,
  StreamRuntime,
  StreamUrl,
} from './options/index.ts';
export { decideReconnect, defaultReconnectPolicy } from './policy/index.ts';
export type {
  AccessTokenFunction,
  AccessTokenRequest,
  Decision,
  Outcome,
  ReconnectHints,
  ReconnectHistory,
  ReconnectPolicy,
  RequestKind,
} from './policy/index.ts';
export { createEventStream } from './stream/index.ts';
export type { EventIteratorOptions, EventStream, StreamObserver } from './stream/index.ts';
export type { StreamState } from './stream-state.ts';
