import type { IncomingMessage } from 'node:http';
import { EntraError, entraErrorBody, isEntraError, missingParameter } from '../entra-error.ts';
import type { Exchange } from '../exchange.ts';
import type { Fault, LogDraft } from '../state/index.ts';
import { isGuid } from '../guid.ts';
import { readForm, sendJson } from '../http/index.ts';
import { isApplicationOrigin, printable } from '../directory/index.ts';
import { redeemClientCredentials, redeemCode, redeemRefreshToken } from './token-grants.ts';
import type { TokenResponse } from './token-grants.ts';

/** `POST /{tenant}/oauth2/v2.0/token`, for pages of registered origins too (CORS). */
export async function handleToken(exchange: Exchange, fault: Fault | undefined): Promise<void> {
  const { request, response, provider, log } = exchange;
  allowOrigin(exchange);
  const params = await readForm(request);
  const correlation = params.get('client-request-id') ?? headerOf(request, 'client-request-id') ?? '';
  log.grantType = grantTypeOf(params);
  try {
    if (fault !== undefined && (fault.status !== undefined || fault.error !== undefined)) {
      const { error = 'temporarily_unavailable', status = fault.error === undefined ? 503 : 400 } = fault;
      throw new EntraError(90033, error, 'A transient error has occurred. Please try again.', { status });
    }
    const tokens = await redeem(exchange, params);
    log.outcome = 'tokens';
    sendJson(response, 200, tokens);
  } catch (error) {
    if (!isEntraError(error)) throw error;
    Object.assign(log, { outcome: `error:${error.error}`, code: error.code });
    const correlationId = isGuid(correlation) ? correlation : undefined;
    sendJson(response, error.status, entraErrorBody(error, { ...provider, now: provider.now(), correlationId }));
  }
}

/** `OPTIONS` of the token endpoint. A preflight has no client, so any application's origin will do. */
export function handleTokenPreflight(exchange: Exchange): void {
  const { request, response } = exchange;
  const isAllowed = allowOrigin(exchange);
  const headers = headerOf(request, 'access-control-request-headers') ?? '';
  if (isAllowed) {
    response.setHeader('Access-Control-Allow-Methods', 'POST');
    response.setHeader('Access-Control-Max-Age', '600');
    // Libraries send telemetry in various headers; only the origin decides.
    if (/^[\w, -]+$/.test(headers)) response.setHeader('Access-Control-Allow-Headers', headers);
  }
  response.writeHead(isAllowed ? 204 : 403).end();
}

async function redeem({ request, provider, scope, log }: Exchange, params: URLSearchParams): Promise<TokenResponse> {
  for (const name of new Set(params.keys())) {
    // RFC 6749, 3.2: a parameter must not be there twice.
    if (params.getAll(name).length > 1) {
      throw new EntraError(
        9000411,
        'invalid_request',
        `The request has the parameter '${printable(name)}' more than once.`,
      );
    }
  }
  const grantType = params.get('grant_type');
  if (grantType === null) throw missingParameter('grant_type');
  const clientId = params.get('client_id');
  if (clientId === null) throw missingParameter('client_id');
  const context = { provider, scope, params, log };

  if (grantType === 'client_credentials') {
    const daemon = provider.directory.daemon(clientId);
    if (daemon === undefined) throw unknownClient(clientId);
    log.clientId = daemon.clientId;
    return redeemClientCredentials(context, daemon);
  }
  if (grantType !== 'authorization_code' && grantType !== 'refresh_token') {
    throw new EntraError(
      70003,
      'unsupported_grant_type',
      `The app requested an unsupported grant type '${printable(grantType)}'.`,
    );
  }
  const client = provider.directory.spa(clientId);
  if (client === undefined) throw unknownClient(clientId);
  log.clientId = client.clientId;
  const origin = request.headers.origin;
  if (origin !== undefined && !isApplicationOrigin(origin, client, provider.redirectOrigins)) {
    throw new EntraError(
      9002326,
      'invalid_request',
      `Cross-origin token redemption is permitted only for the origins of the application's redirect URIs. Request origin: '${printable(origin)}'.`,
    );
  }
  return grantType === 'authorization_code' ? redeemCode(context, client) : redeemRefreshToken(context, client);
}

/** Names the one origin, never `*`, and tells caches that the answer depends on it. */
function allowOrigin({ request, response, provider }: Exchange): boolean {
  const { origin } = request.headers;
  response.setHeader('Vary', 'Origin');
  if (origin === undefined) return false;
  const isAllowed = provider.directory.spas.some((one) => isApplicationOrigin(origin, one, provider.redirectOrigins));
  if (isAllowed) {
    response.setHeader('Access-Control-Allow-Origin', origin);
    // MSAL waits by it; a page sees no header that is not exposed.
    response.setHeader('Access-Control-Expose-Headers', 'Retry-After');
  }
  return isAllowed;
}

/** As the log may have it: never text of the request's own choice. */
function grantTypeOf(params: URLSearchParams): NonNullable<LogDraft['grantType']> {
  const type = params.get('grant_type');
  const isKnown = type === 'authorization_code' || type === 'refresh_token' || type === 'client_credentials';
  return isKnown ? type : 'other';
}

function unknownClient(clientId: string): EntraError {
  return new EntraError(
    700016,
    'unauthorized_client',
    `Application with identifier '${printable(clientId)}' was not found in the directory for this grant type.`,
  );
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
