import { writeBearerChallenge } from './challenge-header.ts';
import type { EndpointRequest, Refusal } from '../http/index.ts';

/**
 * Where a token may come from. `query` puts it in URLs, which RFC 9700 4.3.2 forbids: logs and histories keep them. `ticket` puts
 * something there that is worth nothing once it was used (PROTOCOL 2.5).
 */
export type TokenTransport = 'header' | 'query' | 'ticket';

/** RFC 6750 2.1. */
const bearerPattern = /^Bearer(?: +(.*))?$/i;
const tokenPattern = /^[\w\-.~+/]+=*$/;

/**
 * Finds the token of a request (PROTOCOL 2.2, 2.5): its text, a ticket, `undefined` where there is none, or why it is refused. A token that is
 * malformed is given as it is, for the verifier to refuse.
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
    return badRequest(realm, 'token-in-query', 'A token must not be in the URL: send it in the Authorization header.');
  }
  const tickets = transports.has('ticket') ? request.query.getAll('ticket') : [];
  if (inQuery.length + tickets.length + (inHeader === null ? 0 : 1) > 1) {
    return badRequest(realm, 'several-tokens', 'The request has more than one token.');
  }
  const [ticket] = tickets;
  if (ticket !== undefined) return { ticket };
  const [fromQuery] = inQuery;
  if (fromQuery !== undefined) return fromQuery;
  // Another scheme than Bearer is as good as none (RFC 6750 3.1).
  if (inHeader === null || !transports.has('header')) return undefined;
  const token = inHeader[1]?.trim() ?? '';
  return tokenPattern.test(token)
    ? token
    : badRequest(realm, 'malformed-authorization', 'Authorization must be Bearer and one token.');
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
