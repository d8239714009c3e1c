export type { AttemptEnd } from './attempt-end.ts';
export { ended } from './attempt-end.ts';
export { startAttempt } from './attempt.ts';
export type { Attempt, AttemptPort } from './attempt.ts';
export { milliseconds } from './check-response.ts';
export type { OpenConnection } from './check-response.ts';
export { readText } from './response-error.ts';
export { requestTicketUrl } from './ticket.ts';
export type { TicketRequest } from './ticket.ts';
