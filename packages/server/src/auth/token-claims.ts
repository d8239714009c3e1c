import type { Identity } from './identity.ts';
import type { EntraRules } from './entra-rules.ts';
import { isGuid } from './guid.ts';
import { TokenRefusedError } from './token-refused-error.ts';

type Claims = Readonly<Record<string, unknown>>;

/**
 * Checks the claims of a token whose signature is valid, and returns its identity. The order is that of Microsoft's rules: tenant
 * and issuer, audience, times, permissions.
 *
 * @throws TokenRefusedError
 */
export function judgeClaims(
  payload: string,
  keyIssuer: string | undefined,
  rules: EntraRules,
  nowMs: number,
): Identity {
  const claims = parseClaims(payload);
  const version = checkVersion(claims);
  const tenantId = checkTenant(claims, rules);
  checkIssuer(claims, keyIssuer, tenantId, version, rules);
  checkAudience(claims, version, rules);
  const expiresAtMs = checkTimes(claims, rules.clockToleranceMs, nowMs);
  const objectId = claims.oid;
  if (typeof objectId !== 'string' || objectId === '') {
    throw new TokenRefusedError('malformed-token', 'The token has no oid claim.');
  }
  const { kind, scopes, roles } = checkPermissions(claims, rules);
  const name = optionalText(claims.name);
  const username = optionalText(claims.preferred_username ?? claims.upn ?? claims.unique_name);
  return {
    key: `${tenantId}.${objectId}`,
    tenantId,
    objectId,
    kind,
    scopes,
    roles,
    ...(name === undefined ? {} : { name }),
    ...(username === undefined ? {} : { username }),
    expiresAtMs,
    // Past `exp` but within the tolerance, the clocks differ: the session then ends by ours.
    sessionDeadlineMs: expiresAtMs > nowMs ? expiresAtMs : expiresAtMs + rules.clockToleranceMs,
    supportsClaimsChallenge: textList(claims.xms_cc).includes('cp1'),
    // Only the text is kept: parsed, the claims of one token take several kilobytes, and few applications read them.
    get claims() {
      return parseClaims(payload);
    },
  };
}

function parseClaims(payload: string): Claims {
  let claims: unknown;
  try {
    claims = JSON.parse(payload);
  } catch (cause) {
    throw new TokenRefusedError('malformed-token', 'The payload of the token is not JSON.', { cause });
  }
  if (typeof claims === 'object' && claims !== null && !Array.isArray(claims)) return claims as Claims;
  throw new TokenRefusedError('malformed-token', 'The payload of the token is not a JSON object.');
}

function checkVersion({ ver }: Claims): '1.0' | '2.0' {
  if (ver === '1.0' || ver === '2.0') return ver;
  throw new TokenRefusedError('malformed-token', 'The token has no ver claim of 1.0 or 2.0.');
}

function checkTenant({ tid }: Claims, rules: EntraRules): string {
  if (typeof tid === 'string' && isGuid(tid) && rules.tenantIds.has(tid)) return tid;
  throw new TokenRefusedError('wrong-tenant', 'The token is from a tenant that this API does not accept.', {
    received: optionalText(tid),
  });
}

function checkIssuer(
  { iss }: Claims,
  keyIssuer: string | undefined,
  tenantId: string,
  version: '1.0' | '2.0',
  rules: EntraRules,
): void {
  const v2Issuer = forTenant(rules.v2IssuerTemplate, tenantId);
  const expected = version === '2.0' ? v2Issuer : forTenant(rules.v1IssuerTemplate, tenantId);
  if (iss !== expected) {
    throw new TokenRefusedError('wrong-issuer', 'The issuer of the token is not the issuer of its tenant.', {
      received: optionalText(iss),
    });
  }
  if (keyIssuer === undefined) return;
  const ofKey = forTenant(keyIssuer, tenantId);
  // Entra publishes the v2 issuer with its keys, and signs v1 tokens with the same ones; Microsoft's own libraries take both.
  if (ofKey === expected || ofKey === v2Issuer) return;
  throw new TokenRefusedError('wrong-issuer', "The token is signed by another issuer's key.", { received: keyIssuer });
}

function checkAudience({ aud }: Claims, version: '1.0' | '2.0', rules: EntraRules): void {
  // A v2 token names the API by its client ID only; a v1 token by that or by an App ID URI.
  const accepted = version === '2.0' ? rules.clientIds : rules.audiences;
  if (typeof aud === 'string' && accepted.has(aud)) return;
  throw new TokenRefusedError('wrong-audience', 'The token is for another API.', { received: optionalText(aud) });
}

function checkTimes({ exp, nbf }: Claims, toleranceMs: number, nowMs: number): number {
  if (typeof exp !== 'number' || !Number.isFinite(exp)) {
    throw new TokenRefusedError('malformed-token', 'The token has no exp claim.');
  }
  if (nbf !== undefined && (typeof nbf !== 'number' || !Number.isFinite(nbf))) {
    throw new TokenRefusedError('malformed-token', 'The nbf claim of the token is not a number.');
  }
  if (nbf !== undefined && nbf * 1000 > nowMs + toleranceMs) {
    throw new TokenRefusedError('not-yet-valid', 'The token is not valid yet.');
  }
  if (exp * 1000 + toleranceMs <= nowMs) throw new TokenRefusedError('token-expired', 'The token has expired.');
  return exp * 1000;
}

function checkPermissions(claims: Claims, rules: EntraRules): Pick<Identity, 'kind' | 'scopes' | 'roles'> {
  const scopes = typeof claims.scp === 'string' ? claims.scp.split(' ').filter((scope) => scope !== '') : [];
  const roles = textList(claims.roles);
  const kind = isApplication(claims, scopes) ? 'application' : 'user';
  if (kind === 'application' ? roles.length === 0 : scopes.length === 0) {
    // A user's access token always has scp: one with roles only is an ID token of an app that is its own API.
    throw new TokenRefusedError(
      'no-permissions',
      'The token has neither a delegated scope (scp) nor an application role (roles).',
    );
  }
  if (kind === 'user' && !rules.requiredScopes.every((scope) => scopes.includes(scope))) {
    throw new TokenRefusedError('no-permissions', 'The token lacks a scope that this API requires.');
  }
  return { kind, scopes, roles };
}

function isApplication(claims: Claims, scopes: readonly string[]): boolean {
  if (claims.idtyp !== undefined) return claims.idtyp === 'app' && scopes.length === 0;
  // idtyp is an optional claim. Without it, a token is an application's if its sub and oid are the same (Microsoft).
  return scopes.length === 0 && claims.sub === claims.oid;
}

/** Entra's documents have `{tenantid}`, its guides `{tid}`. */
function forTenant(template: string, tenantId: string): string {
  return template.replace(/\{(?:tenantid|tid)\}/gi, () => tenantId);
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A claim of several values may come as one string. */
function textList(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
