export { attempt } from './open-connection.ts';
export type { AttemptEnd } from './open-connection.ts';
export { readConnection } from './read-connection.ts';
export type { ConnectionPort } from './read-connection.ts';
export { requestTicketUrl } from './ticket.ts';
export type { TicketRequest } from './ticket.ts';
