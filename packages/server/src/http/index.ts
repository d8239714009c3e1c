export { createCors } from './cors.ts';
export type { CorsDecision, CorsOptions, CorsRequest } from './cors.ts';
export {
  denied,
  forbidden,
  internalError,
  methodNotAllowed,
  noTicketPath,
  originNotAllowed,
  sendRefusal,
  tooManyRequests,
  unavailable,
  unknownStream,
  writeProblem,
} from './problem.ts';
export type { Denial, Refusal, TooManyRequests } from './problem.ts';
export type { EndpointRequest, Exchange, SessionTransport, TransportWatcher } from './session-transport.ts';
