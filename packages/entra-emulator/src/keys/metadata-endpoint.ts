import { tenantTemplate, v1Issuer, v2Issuer } from './issuers.ts';

/** The OpenID Connect metadata of one tenant, or of `common` and `organizations`. */
export interface OpenIdMetadata {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly end_session_endpoint: string;
  readonly jwks_uri: string;
  readonly response_types_supported: readonly string[];
  readonly response_modes_supported: readonly string[];
  readonly subject_types_supported: readonly string[];
  readonly id_token_signing_alg_values_supported: readonly string[];
  readonly code_challenge_methods_supported: readonly string[];
  readonly token_endpoint_auth_methods_supported: readonly string[];
  readonly scopes_supported: readonly string[];
  readonly claims_supported: readonly string[];
}

/**
 * `GET /{tenant}/v2.0/.well-known/openid-configuration`, and without `/v2.0` for v1. Without a tenant the issuer holds the
 * template `{tenantid}`, to be replaced by the `tid` of a token.
 *
 * The v1 document names the v1 issuer and keys, and the v2 endpoints: the emulator has no v1 sign-in.
 */
export function openIdMetadata(
  origin: string,
  where: { segment: string; tenantId: string | undefined; version: 1 | 2 },
): OpenIdMetadata {
  const { segment, tenantId = tenantTemplate, version } = where;
  const base = `${origin}/${segment}`;
  return {
    issuer: version === 1 ? v1Issuer(origin, tenantId) : v2Issuer(origin, tenantId),
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    jwks_uri: version === 1 ? `${base}/discovery/keys` : `${base}/discovery/v2.0/keys`,
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'fragment'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'none'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'nonce', 'preferred_username', 'name', 'tid', 'oid', 'ver'],
  };
}
