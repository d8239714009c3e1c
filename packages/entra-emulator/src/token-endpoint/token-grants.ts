import { createHash, timingSafeEqual } from 'node:crypto';
import { parseClaimsRequest } from '../state/index.ts';
import type { DaemonApplication, SpaApplication, User } from '../directory/index.ts';
import { EntraError, missingParameter } from '../entra-error.ts';
import type { Grant, LogDraft } from '../state/index.ts';
import { inScope } from '../provider.ts';
import type { Provider, TenantScope } from '../provider.ts';
import { clientInfo, resolveScopes } from '../directory/index.ts';
import { stepUpRequired } from '../sign-in/index.ts';
import { accessTokenClaims, appTokenClaims, idTokenClaims, sign } from './tokens.ts';

/** The body of a successful answer of the token endpoint. */
export interface TokenResponse {
  readonly token_type: 'Bearer';
  /** Left out of app-only answers, as at Entra. */
  readonly scope?: string;
  /** Seconds. */
  readonly expires_in: number;
  readonly ext_expires_in: number;
  readonly access_token: string;
  readonly refresh_token?: string;
  /** Seconds. Entra tells it to single-page applications. */
  readonly refresh_token_expires_in?: number;
  readonly id_token?: string;
  readonly client_info?: string;
}

interface TokenContext {
  readonly provider: Provider;
  readonly scope: TenantScope;
  readonly params: URLSearchParams;
  readonly log: LogDraft;
}

/** @throws EntraError `invalid_grant` where the code is spent, expired, or bound to something else. */
export async function redeemCode(context: TokenContext, client: SpaApplication): Promise<TokenResponse> {
  const { provider, scope, params } = context;
  const code = requiredParameter(params, 'code');
  const redirectUri = requiredParameter(params, 'redirect_uri');
  const verifier = requiredParameter(params, 'code_verifier');
  const content = provider.codes.redeem(code, provider.now());
  const { grant, codeChallenge, nonce, capabilities } = content;

  if (grant.clientId !== client.clientId) {
    throw new EntraError(700005, 'invalid_grant', 'Provided Authorization Code was issued to another application.');
  }
  const user = grantedUser(context, grant);
  if (!inScope(scope, user.tenantId)) {
    throw new EntraError(
      700005,
      'invalid_grant',
      'Provided Authorization Code is intended to use against other tenant, thus rejected.',
    );
  }
  if (content.redirectUri !== redirectUri) {
    throw new EntraError(50011, 'invalid_grant', 'The redirect URI is not the one that the code was asked for with.');
  }
  // RFC 7636, 4.1: 43 to 128 unreserved characters.
  const isVerifier = /^[\w.~-]{43,128}$/.test(verifier);
  if (!isVerifier || createHash('sha256').update(verifier).digest('base64url') !== codeChallenge) {
    throw new EntraError(
      501481,
      'invalid_grant',
      'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
    );
  }
  return issue(context, {
    grant,
    user,
    nonce,
    capabilities,
    issuedAt: provider.now(),
    refreshExpiresAt: provider.now() + provider.refreshTokens.lifetimeMs,
  });
}

/**
 * A new refresh token comes with every use. The old one stays good until the same fixed end: Entra does not revoke a
 * refresh token that was used, and two tabs that renew at once depend on it.
 *
 * @throws EntraError AADSTS700084 past the fixed lifetime; 50173 where the user was revoked.
 */
export async function redeemRefreshToken(context: TokenContext, client: SpaApplication): Promise<TokenResponse> {
  const { provider, scope, params } = context;
  const { grant, expiresAt, issuedAt } = await provider.refreshTokens.open(requiredParameter(params, 'refresh_token'));
  if (grant.clientId !== client.clientId) {
    throw new EntraError(70000, 'invalid_grant', 'Provided grant was issued to another application.', {
      suberror: 'client_mismatch',
    });
  }
  if (provider.now() >= expiresAt) {
    throw new EntraError(
      700084,
      'invalid_grant',
      `The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of ${timeSpan(provider.refreshTokens.lifetimeMs)}, which cannot be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page. The token was issued on ${new Date(issuedAt).toISOString()}.`,
      { suberror: 'bad_token' },
    );
  }
  const user = grantedUser(context, grant);
  if (!inScope(scope, user.tenantId)) {
    throw new EntraError(
      700005,
      'invalid_grant',
      'Provided grant is intended to use against other tenant, thus rejected.',
    );
  }
  return issue(context, { grant, user, nonce: undefined, capabilities: [], issuedAt, refreshExpiresAt: expiresAt });
}

/** @throws EntraError AADSTS7000215 for a wrong secret; 1002012 where the scope is not one API's `.default`. */
export async function redeemClientCredentials(
  context: TokenContext,
  daemon: DaemonApplication,
): Promise<TokenResponse> {
  const { provider, scope, params } = context;
  const secret = params.get('client_secret');
  if (secret === null) {
    throw new EntraError(
      7000216,
      'invalid_client',
      "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
      { status: 401 },
    );
  }
  const digest = (text: string) => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(secret), digest(daemon.secret))) {
    throw new EntraError(7000215, 'invalid_client', 'Invalid client secret provided.', { status: 401 });
  }
  if (scope.tenant === undefined) {
    throw new EntraError(
      53003,
      'invalid_request',
      `An app-only token is for one tenant: use its guidPattern or domain in the path, not '${scope.segment}'.`,
    );
  }
  const { api, isDefault } = resolveScopes(requiredParameter(params, 'scope'), provider.directory);
  if (api === undefined || !isDefault) {
    throw new EntraError(
      1002012,
      'invalid_scope',
      'The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).',
    );
  }
  const lifetimeSeconds = Math.floor(provider.lifetimes.accessTokenMs / 1000);
  return {
    token_type: 'Bearer',
    expires_in: lifetimeSeconds,
    ext_expires_in: lifetimeSeconds,
    access_token: await sign(provider, appTokenClaims(provider, daemon, api, scope.tenant.tenantId)),
  };
}

interface Issue {
  readonly grant: Grant;
  readonly user: User;
  readonly nonce: string | undefined;
  readonly capabilities: readonly string[];
  readonly issuedAt: number;
  readonly refreshExpiresAt: number;
}

async function issue({ provider, params, log }: TokenContext, what: Issue): Promise<TokenResponse> {
  const { grant, user, nonce, issuedAt, refreshExpiresAt } = what;
  log.username = user.username;
  const claims = parseClaimsRequest(params.get('claims') ?? undefined);
  const [unmet] = provider.policies.unmet(user.oid, claims, grant.acrs);
  if (unmet !== undefined) throw stepUpRequired(unmet);

  const scopes = resolveScopes(params.get('scope') ?? grant.scope, provider.directory);
  const lifetimeMs = provider.lifetimes.accessTokenMs;
  const accessToken = accessTokenClaims(provider, {
    user,
    clientId: grant.clientId,
    api: scopes.api,
    version: scopes.api?.accessTokenVersion ?? 2,
    scopes: scopes.api === undefined ? ['openid', 'profile', 'User.Read', 'email'] : scopes.names,
    sid: grant.sid,
    acrs: Object.keys(grant.acrs),
    capabilities: [...new Set([...what.capabilities, ...claims.capabilities])],
    lifetimeMs,
  });
  const idToken = idTokenClaims(provider, { user, clientId: grant.clientId, sid: grant.sid, nonce });
  const lifetimeSeconds = Math.floor(lifetimeMs / 1000);
  return {
    token_type: 'Bearer',
    // Entra echoes the API's scopes only, in their full form; without an API, Graph's.
    scope: scopes.api === undefined ? 'openid profile User.Read email' : scopes.echoed.join(' '),
    expires_in: lifetimeSeconds,
    ext_expires_in: lifetimeSeconds,
    access_token: await sign(provider, accessToken),
    ...(scopes.openid.includes('offline_access')
      ? {
          refresh_token: await provider.refreshTokens.seal({ grant, issuedAt, expiresAt: refreshExpiresAt }),
          refresh_token_expires_in: Math.floor((refreshExpiresAt - provider.now()) / 1000),
        }
      : {}),
    ...(scopes.openid.includes('openid') ? { id_token: await sign(provider, idToken) } : {}),
    client_info: clientInfo(user),
  };
}

/** The user of a grant, unless a revocation has ended it. */
function grantedUser({ provider, log }: TokenContext, grant: Grant): User {
  const user = provider.directory.user(grant.oid);
  if (user === undefined) throw new EntraError(50034, 'invalid_grant', 'The user account does not exist.');
  log.username = user.username;
  const endedAt = provider.policies.endedAt(user.oid, grant.place);
  if (endedAt !== undefined) {
    throw new EntraError(
      50173,
      'invalid_grant',
      `The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on '${new Date(grant.signedInAt).toISOString()}' and the TokensValidFrom date (before which tokens are not valid) for this user is '${new Date(endedAt).toISOString()}'.`,
      { suberror: 'bad_token' },
    );
  }
  return user;
}

/** Milliseconds in .NET's notation, which Entra's messages use: `1.00:00:00` is a day. */
function timeSpan(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':');
  return seconds >= 86_400 ? `${Math.floor(seconds / 86_400)}.${clock}` : clock;
}

function requiredParameter(params: URLSearchParams, name: string): string {
  const value = params.get(name);
  if (value === null || value === '') throw missingParameter(name);
  return value;
}
