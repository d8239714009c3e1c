export { createCors } from './cors.ts';
export type { CorsDecision, CorsOptions, CorsRequest } from './cors.ts';
export {
  denied,
  FORBIDDEN,
  INTERNAL_ERROR,
  methodNotAllowed,
  NO_TICKET_PATH,
  ORIGIN_NOT_ALLOWED,
  sendRefusal,
  tooManyRequests,
  unavailable,
  UNKNOWN_STREAM,
  writeProblem,
} from './problem.ts';
export type { Denial, Refusal, TooManyRequests } from './problem.ts';
export type { EndpointRequest, Exchange, SessionTransport, TransportWatcher } from './session-transport.ts';
