import { createHash } from 'node:crypto';
import { SignJWT } from 'jose';
import type { JWTPayload } from 'jose';
import { graphId, loginHint } from '../directory/index.ts';
import type { ApiApplication, DaemonApplication, User } from '../directory/index.ts';
import { v1Issuer, v2Issuer } from '../keys/index.ts';
import type { Provider } from '../provider.ts';

/** Who and what a delegated access token is about. */
export interface AccessTokenSubject {
  readonly user: User;
  /** The client's ID. */
  readonly clientId: string;
  /** `undefined`: Microsoft Graph, as at Entra where no API's scope was asked for. */
  readonly api: ApiApplication | undefined;
  readonly version: 1 | 2;
  readonly scopes: readonly string[];
  readonly sid: string;
  readonly acrs: readonly string[];
  readonly capabilities: readonly string[];
  readonly lifetimeMs: number;
}

/** The claims of a delegated access token. Source: Microsoft, "Access token claims reference". */
export function accessTokenClaims(provider: Provider, subject: AccessTokenSubject): JWTPayload {
  const { user, clientId, api, version, scopes, sid, acrs, capabilities, lifetimeMs } = subject;
  const { origin, now, randomBytes } = provider;
  const { tenantId: tid, oid, displayName: name, username } = user;
  const resource = api?.clientId ?? graphId;
  const common = {
    ...validity(now(), lifetimeMs),
    name,
    oid,
    ...(user.roles.length > 0 && api !== undefined ? { roles: [...user.roles] } : {}),
    scp: scopes.join(' '),
    sid,
    sub: pairwiseSubject(oid, resource),
    tid,
    uti: uniqueTokenId(randomBytes),
    ...(acrs.length > 0 ? { acrs: [...acrs] } : {}),
    ...(capabilities.length > 0 ? { xms_cc: [...capabilities] } : {}),
  };
  if (version === 1) {
    return {
      aud: api?.appIdUri ?? graphId,
      iss: v1Issuer(origin, tid),
      ...common,
      acr: '1',
      amr: acrs.length > 0 ? ['pwd', 'mfa'] : ['pwd'],
      appid: clientId,
      appidacr: '0',
      unique_name: username,
      upn: username,
      ver: '1.0',
    };
  }
  return {
    aud: resource,
    iss: v2Issuer(origin, tid),
    ...common,
    azp: clientId,
    azpacr: '0',
    preferred_username: username,
    ver: '2.0',
  };
}

/** The claims of an app-only access token: `roles` and `idtyp`, and no `scp`. */
export function appTokenClaims(
  provider: Provider,
  daemon: DaemonApplication,
  api: ApiApplication,
  tid: string,
): JWTPayload {
  const { origin, now, randomBytes, lifetimes } = provider;
  const common = {
    ...validity(now(), lifetimes.accessTokenMs),
    idtyp: 'app',
    oid: daemon.servicePrincipalId,
    ...(daemon.roles.length > 0 ? { roles: [...daemon.roles] } : {}),
    sub: daemon.servicePrincipalId,
    tid,
    uti: uniqueTokenId(randomBytes),
  };
  return api.accessTokenVersion === 1
    ? { aud: api.appIdUri, iss: v1Issuer(origin, tid), ...common, appid: daemon.clientId, appidacr: '1', ver: '1.0' }
    : { aud: api.clientId, iss: v2Issuer(origin, tid), ...common, azp: daemon.clientId, azpacr: '1', ver: '2.0' };
}

/** The claims of an ID token. Source: Microsoft, "ID token claims reference". */
export function idTokenClaims(
  provider: Provider,
  subject: { user: User; clientId: string; sid: string; nonce: string | undefined },
): JWTPayload {
  const { user, clientId, sid, nonce } = subject;
  return {
    aud: clientId,
    iss: v2Issuer(provider.origin, user.tenantId),
    ...validity(provider.now(), 3_600_000),
    login_hint: loginHint(user),
    name: user.displayName,
    ...(nonce === undefined ? {} : { nonce }),
    oid: user.oid,
    preferred_username: user.username,
    sid,
    sub: pairwiseSubject(user.oid, clientId),
    tid: user.tenantId,
    uti: uniqueTokenId(provider.randomBytes),
    ver: '2.0',
  };
}

/** Signs with the current key, in RS256 as Entra does. */
export function sign(provider: Provider, claims: JWTPayload): Promise<string> {
  const { privateKey, kid } = provider.keys.current;
  return new SignJWT(claims).setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid }).sign(privateKey);
}

function validity(now: number, lifetimeMs: number): { iat: number; nbf: number; exp: number } {
  const iat = Math.floor(now / 1000);
  return { iat, nbf: iat, exp: iat + Math.floor(lifetimeMs / 1000) };
}

/** Another for every application: nobody may join two applications' users on it. */
function pairwiseSubject(oid: string, applicationId: string): string {
  return createHash('sha256').update(`${oid} ${applicationId}`).digest('base64url');
}

function uniqueTokenId(randomBytes: (count: number) => Uint8Array): string {
  return Buffer.from(randomBytes(16)).toString('base64url');
}
