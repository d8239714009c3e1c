import { ConfigurationError } from '../core/index.ts';
import { isGuid } from './guid.ts';

/** Which tokens an API accepts. */
export interface EntraRuleOptions {
  /** The tenants whose users may call, as GUIDs: one or more. */
  readonly tenants: string | readonly string[];
  /** The API: its client ID (a GUID, as in v2 tokens), and its App ID URIs (as in v1 tokens). */
  readonly audience: string | readonly string[];
  /** Where tokens come from, without a trailing slash. @default 'https://login.microsoftonline.com' */
  readonly authority?: string;
  /** @default 'https://sts.windows.net/{tid}/' */
  readonly v1IssuerTemplate?: string;
  /** @default `${authority}/{tid}/v2.0` */
  readonly v2IssuerTemplate?: string;
  /** How much the clocks of the issuer and of this server may differ. @default 300_000 */
  readonly clockToleranceMs?: number;
  /** Scopes that every user's token must have, for all streams. @default none */
  readonly requiredScopes?: readonly string[];
}

/** The options, checked and copied. */
export interface EntraRules {
  readonly tenantIds: ReadonlySet<string>;
  readonly clientIds: ReadonlySet<string>;
  readonly audiences: ReadonlySet<string>;
  readonly authority: string;
  readonly v1IssuerTemplate: string;
  readonly v2IssuerTemplate: string;
  readonly clockToleranceMs: number;
  readonly requiredScopes: readonly string[];
}

/** @throws ConfigurationError with the correction. */
export function checkEntraRules(options: EntraRuleOptions): EntraRules {
  const {
    v1IssuerTemplate = 'https://sts.windows.net/{tid}/',
    clockToleranceMs = 300_000,
    requiredScopes = [],
  } = options;
  const authority = checkAuthority(options.authority ?? 'https://login.microsoftonline.com');
  const tenants = [options.tenants].flat();
  const audiences = [options.audience].flat().map(checkAudience);
  if (tenants.length === 0) throw new ConfigurationError("tenants is empty. Pass your directory's ID, a GUID.");
  if (audiences.length === 0) {
    throw new ConfigurationError(
      "audience is empty. Pass the API's client ID, and its App ID URI if it accepts v1 tokens.",
    );
  }
  if (!Number.isFinite(clockToleranceMs) || clockToleranceMs < 0) {
    throw new ConfigurationError(`clockToleranceMs is ${clockToleranceMs}. Pass a number of milliseconds, 0 or more.`);
  }
  return {
    tenantIds: new Set(tenants.map(checkTenant)),
    clientIds: new Set(audiences.filter((audience) => isGuid(audience))),
    audiences: new Set(audiences),
    authority,
    v1IssuerTemplate,
    v2IssuerTemplate: options.v2IssuerTemplate ?? `${authority}/{tid}/v2.0`,
    clockToleranceMs,
    requiredScopes: [...requiredScopes],
  };
}

function checkTenant(tenant: string): string {
  if (isGuid(tenant)) return tenant.toLowerCase();
  if (['common', 'organizations', 'consumers'].includes(tenant)) {
    throw new ConfigurationError(
      `tenants has '${tenant}', which would accept the users of any directory. List the tenants' GUIDs.`,
    );
  }
  throw new ConfigurationError(
    `tenants has '${tenant}', which is not a GUID. Pass the tenant's ID instead of its domain name.`,
  );
}

function checkAudience(audience: string): string {
  if (isGuid(audience)) return audience.toLowerCase();
  if (URL.canParse(audience)) return audience;
  throw new ConfigurationError(
    `audience has '${audience}'. Pass a client ID (a GUID) or an App ID URI such as api://<client ID>.`,
  );
}

function checkAuthority(authority: string): string {
  const url = URL.parse(authority);
  const isLocal = url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url?.protocol !== 'https:' && !(isLocal && url.protocol === 'http:')) {
    throw new ConfigurationError(
      `authority is '${authority}'. It must be an https URL, because the server behind it decides which tokens are valid.`,
    );
  }
  return authority.replace(/\/+$/, '');
}
