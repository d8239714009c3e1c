import { writeBearerChallenge } from './challenge-header.ts';
import type { EndpointRequest, Refusal } from '../http/index.ts';

/**
 * Where a token may come from. `query` puts it into URLs, which RFC 9700 4.3.2 forbids because logs and histories keep them. `ticket`
 * puts a ticket there, which is worthless after its first use (PROTOCOL 2.5).
 */
export type TokenTransport = 'header' | 'query' | 'ticket';

/** RFC 6750 2.1. */
const bearerPattern = /^Bearer(?: +(.*))?$/i;
const tokenPattern = /^[\w\-.~+/]+=*$/;

/**
 * Finds the token of a request (PROTOCOL 2.2, 2.5). Returns its text, a ticket, `undefined` if there is none, or a refusal. It does not
 * check the token: the verifier refuses a malformed one.
 */
export function readBearerToken(
  request: EndpointRequest,
  transports: ReadonlySet<TokenTransport>,
  realm: string,
): string | { readonly ticket: string } | undefined | Refusal {
  const inQuery = request.query.getAll('access_token');
  const header = request.header('authorization');
  const inHeader = header === undefined ? null : bearerPattern.exec(header);
  if (inQuery.length > 0 && !transports.has('query')) {
    return badRequest(realm, 'token-in-query', 'A token must not be in the URL. Send it in the Authorization header.');
  }
  const tickets = transports.has('ticket') ? request.query.getAll('ticket') : [];
  if (inQuery.length + tickets.length + (inHeader === null ? 0 : 1) > 1) {
    return badRequest(realm, 'several-tokens', 'The request has more than one token.');
  }
  const [ticket] = tickets;
  if (ticket !== undefined) return { ticket };
  const [fromQuery] = inQuery;
  if (fromQuery !== undefined) return fromQuery;
  // Another scheme than Bearer counts as no token (RFC 6750 3.1).
  if (inHeader === null || !transports.has('header')) return undefined;
  const token = inHeader[1]?.trim() ?? '';
  return tokenPattern.test(token)
    ? token
    : badRequest(realm, 'malformed-authorization', 'The Authorization header must be Bearer and one token.');
}

function badRequest(realm: string, code: string, detail: string): Refusal {
  return {
    status: 400,
    code,
    title: 'Invalid request',
    detail,
    headers: {
      'WWW-Authenticate': writeBearerChallenge({ realm, error: 'invalid_request', errorDescription: detail }),
    },
  };
}
