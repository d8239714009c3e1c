import type { IncomingMessage, ServerResponse } from 'node:http';
import { handleAuthorize, handleLogin, handleLogout, messagePage, sendPage } from './sign-in/index.ts';
import { EntraError, entraErrorBody } from './entra-error.ts';
import type { Exchange } from './exchange.ts';
import type { Fault, FaultyEndpoint, LogEntry } from './state/index.ts';
import { BodyError, hasLoopbackHost, sendJson } from './http/index.ts';
import { openIdMetadata } from './keys/index.ts';
import type { Provider, TenantScope } from './provider.ts';
import { handleToken, handleTokenPreflight } from './token-endpoint/index.ts';

interface Route {
  readonly endpoint: LogEntry['endpoint'];
  readonly method: 'GET' | 'POST';
  /** 1 or 2 where the document differs. */
  readonly version?: 1 | 2;
}

/** What follows the tenant's segment, at Entra's paths (and `login`, where our own pages post to). */
const routeTable: Readonly<Record<string, Route>> = {
  'v2.0/.well-known/openid-configuration': { endpoint: 'metadata', method: 'GET', version: 2 },
  '.well-known/openid-configuration': { endpoint: 'metadata', method: 'GET', version: 1 },
  'discovery/v2.0/keys': { endpoint: 'keys', method: 'GET' },
  'discovery/keys': { endpoint: 'keys', method: 'GET' },
  'oauth2/v2.0/authorize': { endpoint: 'authorize', method: 'GET' },
  login: { endpoint: 'login', method: 'POST' },
  'oauth2/v2.0/token': { endpoint: 'token', method: 'POST' },
  'oauth2/v2.0/logout': { endpoint: 'logout', method: 'GET' },
};

/** Everything that applications and browsers reach. */
export function createTenantRouter(
  provider: Provider,
  hosts: 'loopback-only' | 'any',
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    if (hosts === 'loopback-only' && !hasLoopbackHost(request)) {
      sendJson(response, 403, { error: `Use ${provider.origin}: this emulator answers to no other host name.` });
      return;
    }
    const [path, query] = splitOnce(request.url ?? '/', '?');
    const [segment, rest] = splitOnce(path.slice(1), '/');
    const route = Object.hasOwn(routeTable, rest) ? routeTable[rest] : undefined;
    if (route === undefined) {
      notFound(response, provider, path);
      return;
    }
    const scope = findScope(segment, provider);
    if (scope === undefined) {
      unknownTenant(response, provider, segment);
      return;
    }
    const isPreflight = request.method === 'OPTIONS' && route.endpoint === 'token';
    if (!isPreflight && request.method !== route.method) {
      response.setHeader('Allow', route.method);
      sendJson(response, 405, { error: `Use ${route.method} here.` });
      return;
    }

    const tenant = scope.tenant?.tenantId ?? scope.segment;
    const exchange: Exchange = {
      request,
      response,
      provider,
      scope,
      log: { endpoint: route.endpoint, tenant, outcome: 'fault' },
    };
    // A preflight is the browser's, not the application's: it meets no fault and makes no entry.
    if (isPreflight) {
      handleTokenPreflight(exchange);
      return;
    }
    try {
      await dispatch(exchange, route, query);
    } catch (error) {
      if (!(error instanceof BodyError)) throw error;
      exchange.log.outcome = 'error:invalid_request';
      response.setHeader('Connection', 'close');
      sendJson(response, error.status, { error: 'invalid_request', error_description: error.message });
    } finally {
      provider.log.add(exchange.log, provider.now());
    }
  };
}

async function dispatch(exchange: Exchange, route: Route, query: string): Promise<void> {
  const { endpoint, version = 2 } = route;
  const { response, provider, scope, log } = exchange;
  const fault = endpoint === 'login' || endpoint === 'logout' ? undefined : provider.faults.take(endpoint);
  if (fault !== undefined && (await met(exchange, endpoint as FaultyEndpoint, fault)) === 'answered') return;

  switch (endpoint) {
    case 'authorize': {
      handleAuthorize(exchange, query, fault);
      return;
    }
    case 'login':
      return handleLogin(exchange);
    case 'token':
      return handleToken(exchange, fault);
    case 'logout': {
      handleLogout(exchange, new URLSearchParams(query));
      return;
    }
    case 'keys':
      log.outcome = 'document';
      {
        sendPublicJson(response, provider.keys.published(provider.origin, scope.tenant?.tenantId));
        return;
      }
    case 'metadata':
      log.outcome = 'document';
      {
        sendPublicJson(
          response,
          openIdMetadata(provider.origin, { segment: scope.segment, tenantId: scope.tenant?.tenantId, version }),
        );
        return;
      }
  }
}

/** Applies the part of a fault that is the same for all endpoints. */
async function met(
  { response, provider }: Exchange,
  endpoint: FaultyEndpoint,
  fault: Fault,
): Promise<'answered' | 'open'> {
  if (fault.delayMs !== undefined) await provider.delay(fault.delayMs);
  if (fault.kind === 'disconnect') {
    response.destroy();
    return 'answered';
  }
  const { error, status, retryAfterMs } = fault;
  if (retryAfterMs !== undefined) response.setHeader('Retry-After', Math.ceil(retryAfterMs / 1000));
  // These two answer errors themselves: by a redirect, and by a body with Entra's fields and CORS.
  if (endpoint === 'token' || (endpoint === 'authorize' && error !== undefined)) return 'open';
  if (status === undefined && error === undefined) return 'open';
  if (endpoint === 'authorize') {
    sendPage(
      response,
      status ?? 503,
      messagePage('Something went wrong', 'AADSTS90033: A transient error has occurred.'),
    );
  } else {
    sendJson(response, status ?? 503, { error: error ?? 'temporarily_unavailable' });
  }
  return 'answered';
}

function findScope(segment: string, { directory }: Provider): TenantScope | undefined {
  if (segment === 'common' || segment === 'organizations') return { segment, tenant: undefined };
  const tenant = directory.tenant(segment);
  return tenant === undefined ? undefined : { segment: tenant.tenantId, tenant };
}

/** Keys and metadata are public documents: any page may read them, as at Entra. */
function sendPublicJson(response: ServerResponse, body: unknown): void {
  response.setHeader('Access-Control-Allow-Origin', '*');
  sendJson(response, 200, body);
}

function unknownTenant(response: ServerResponse, provider: Provider, segment: string): void {
  const known = provider.directory.tenants.map(({ tenantId }) => tenantId).join(', ');
  const refusal = new EntraError(
    90002,
    'invalid_tenant',
    `Tenant '${segment.replace(/[^\w.-]/g, '?').slice(0, 64)}' not found. This emulator has ${known}.`,
  );
  sendJson(response, 400, entraErrorBody(refusal, { ...provider, now: provider.now(), correlationId: undefined }));
}

function notFound(response: ServerResponse, { origin, directory }: Provider, path: string): void {
  const tenantId = directory.tenants[0]?.tenantId ?? 'common';
  const message = `A simulated Microsoft Entra ID, for development and tests. Its metadata: ${origin}/${tenantId}/v2.0/.well-known/openid-configuration`;
  sendPage(response, path === '/' ? 200 : 404, messagePage(path === '/' ? 'Entra emulator' : 'Nothing here', message));
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
