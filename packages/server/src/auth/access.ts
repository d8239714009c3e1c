import { isTokenRefusedError, TokenRefusedError } from './token-refused-error.ts';
import { writeBearerChallenge } from './challenge-header.ts';
import type { ClaimsChallenge } from './claims-challenge.ts';
import type { Identity, TokenVerifier } from './identity.ts';
import type { TicketRefusedError } from './ticket-refused-error.ts';
import type { Tickets } from './tickets.ts';
import { readBearerToken } from './bearer-token.ts';
import type { TokenTransport } from './bearer-token.ts';
import { forbidden, internalError, noTicketPath, tooManyRequests, unavailable } from '../http/index.ts';
import type { EndpointRequest, Refusal } from '../http/index.ts';

/** What a token must have. It must meet all requirements that are given; without any, every valid token is accepted. */
export interface AccessRequirements {
  /** Delegated scopes: a user's token needs all of them. An application has none, and is admitted by `applicationRoles` only. */
  readonly scopes?: readonly string[];
  /** App roles: the token needs one of them. */
  readonly roles?: readonly string[];
  /** App roles that admit an application without a user, instead of `scopes` and `roles`: it needs one of them. */
  readonly applicationRoles?: readonly string[];
}

export interface AccessOptions {
  readonly verifier: TokenVerifier;
  readonly realm: string;
  readonly tokenTransports: readonly TokenTransport[];
  /** Redeems tickets, where the transports have them. */
  readonly tickets?: Tickets | undefined;
}

export type Admission =
  | { readonly outcome: 'admitted'; readonly identity: Identity }
  /** `cause` is for the server's own log. */
  | { readonly outcome: 'refused'; readonly refusal: Refusal; readonly cause?: unknown };

export interface Access {
  /**
   * Returns the identity of a request, or how it is refused (PROTOCOL 7.1 to 7.3). Never rejects.
   *
   * @param target Tickets are for streams only: if one could be exchanged for the next, they would outlive their token.
   */
  admit(request: EndpointRequest, requirements: AccessRequirements, target: 'stream' | 'route'): Promise<Admission>;
  /** How a claims challenge is answered (PROTOCOL 7.4). */
  challenge(identity: Identity, challenge: ClaimsChallenge): Refusal;
}

/** Tokens and permissions, the same for streams and for ordinary routes. */
export function createAccess({ verifier, realm, tokenTransports, tickets }: AccessOptions): Access {
  const ofStreams = new Set(tokenTransports);
  const ofRoutes = new Set(tokenTransports.filter((transport) => transport !== 'ticket'));

  return {
    async admit(request, requirements, target) {
      const token = readBearerToken(request, target === 'stream' ? ofStreams : ofRoutes, realm);
      if (token === undefined) return refused(noToken(realm));
      if (typeof token === 'object' && 'status' in token) return refused(token);
      try {
        const identity =
          typeof token === 'string' ? await verifier.verify(token) : tickets?.redeem(token.ticket, request.path);
        if (identity === undefined) return refused(voidTicket(realm));
        if (hasPermission(identity, requirements)) return { outcome: 'admitted', identity };
        return refused(insufficientScope(realm, requirements));
      } catch (error) {
        if (!isTokenRefusedError(error)) return { ...refused(internalError), cause: error };
        return { ...refused(refuseToken(realm, error, requirements)), cause: error };
      }
    },
    challenge(identity, { claims }) {
      // A client that did not declare that it can answer a challenge would retry the same token forever.
      if (!identity.supportsClaimsChallenge) return forbidden;
      const { authorizationUri } = verifier;
      const header = writeBearerChallenge({ realm, authorizationUri, error: 'insufficient_claims', claims });
      return {
        status: 401,
        code: 'insufficient-claims',
        title: 'Insufficient claims',
        detail: 'The token does not meet a policy: ask for one with the claims of the challenge.',
        headers: { 'WWW-Authenticate': header },
      };
    },
  };
}

function hasPermission(
  identity: Identity,
  { scopes = [], roles = [], applicationRoles = [] }: AccessRequirements,
): boolean {
  const hasOneOf = (wanted: readonly string[]): boolean => wanted.some((role) => identity.roles.includes(role));
  if (identity.kind === 'application' && applicationRoles.length > 0) return hasOneOf(applicationRoles);
  return scopes.every((scope) => identity.scopes.includes(scope)) && (roles.length === 0 || hasOneOf(roles));
}

function refused(refusal: Refusal): Extract<Admission, { outcome: 'refused' }> {
  return { outcome: 'refused', refusal };
}

function noToken(realm: string): Refusal {
  return {
    status: 401,
    code: 'no-token',
    title: 'Sign-in required',
    detail: 'The request has no bearer token.',
    // Without an error code: the client may not have known that it needs a token (RFC 6750 3.1).
    headers: { 'WWW-Authenticate': writeBearerChallenge({ realm }) },
  };
}

/** How a request for a ticket is answered if it gets none. */
export function refuseTicket({ code, message, retryAfterMs = 1_000 }: TicketRefusedError): Refusal {
  if (code === 'too-many-tickets') return tooManyRequests(retryAfterMs);
  if (code === 'invalid-ticket-path') return { ...noTicketPath, detail: message };
  const header = writeBearerChallenge({ realm: '', error: 'invalid_token', errorDescription: message });
  return { status: 401, code, title: 'Invalid token', detail: message, headers: { 'WWW-Authenticate': header } };
}

/** The token was valid when it was checked, and has expired meanwhile. */
export function expiredMeanwhile(realm: string): Refusal {
  return refuseToken(realm, new TokenRefusedError('token-expired', 'The token has expired.'), {});
}

function voidTicket(realm: string): Refusal {
  const detail = 'The ticket is unknown, used, expired or for another stream: ask for a new one.';
  const header = writeBearerChallenge({ realm, error: 'invalid_token', errorDescription: detail });
  return { status: 401, code: 'void-ticket', title: 'Void ticket', detail, headers: { 'WWW-Authenticate': header } };
}

function refuseToken(realm: string, error: TokenRefusedError, requirements: AccessRequirements): Refusal {
  const { code, message, retryAfterMs = 1000 } = error;
  if (code === 'keys-unavailable') return unavailable(code, 'The token cannot be checked now.', retryAfterMs / 1000);
  if (code === 'no-permissions') return insufficientScope(realm, requirements);
  const header = writeBearerChallenge({ realm, error: 'invalid_token', errorDescription: message });
  return { status: 401, code, title: 'Invalid token', detail: message, headers: { 'WWW-Authenticate': header } };
}

function insufficientScope(
  realm: string,
  { scopes = [], roles = [], applicationRoles = [] }: AccessRequirements,
): Refusal {
  const wanted = [scopes, roles, applicationRoles].find((names) => names.length > 0);
  const errorDescription = 'The token is valid, but lacks a scope or role.';
  const header = writeBearerChallenge({
    realm,
    error: 'insufficient_scope',
    errorDescription,
    scope: wanted?.join(' '),
  });
  return {
    status: 403,
    code: 'insufficient-scope',
    title: 'Insufficient scope',
    detail: errorDescription,
    headers: { 'WWW-Authenticate': header },
  };
}
