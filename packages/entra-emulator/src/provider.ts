import type { AuthorizationCodes, Faults, RefreshTokens, RequestLog, Sessions, UserPolicies } from './state/index.ts';
import type { Directory, Tenant } from './directory/index.ts';
import type { SigningKeys } from './keys/index.ts';

/** Everything that the endpoints and the control API share. One per emulator. */
export interface Provider {
  readonly origin: string;
  readonly directory: Directory;
  readonly keys: SigningKeys;
  readonly sessions: Sessions;
  readonly codes: AuthorizationCodes;
  readonly refreshTokens: RefreshTokens;
  readonly policies: UserPolicies;
  readonly faults: Faults;
  readonly log: RequestLog;
  readonly redirectOrigins: readonly string[];
  /** Cookies ignore ports (RFC 6265, 8.5): the name holds the port, so that two emulators do not sign each other out. */
  readonly sessionCookie: string;
  /** What the control API may change. */
  readonly lifetimes: { accessTokenMs: number };
  readonly now: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly delay: (ms: number) => Promise<void>;
}

/** The first segment of a path: one tenant, or all of them (`common`, `organizations`). */
export interface TenantScope {
  readonly segment: string;
  /** `undefined`: any tenant. */
  readonly tenant: Tenant | undefined;
}

/** Whether users and grants of this tenant may be used under the path. */
export function inScope(scope: TenantScope, tenantId: string): boolean {
  return scope.tenant === undefined || scope.tenant.tenantId === tenantId;
}
