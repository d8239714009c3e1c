import { ConfigurationError } from '../core/index.ts';
import { isGuid } from './guid.ts';

/** Whose tokens an API takes, and what for. */
export interface EntraRuleOptions {
  /** The tenants whose users may call, as GUIDs: one or more. */
  readonly tenants: string | readonly string[];
  /** The API: its client ID (a GUID; what v2 tokens name), and its App ID URIs (what v1 tokens name). */
  readonly audience: string | readonly string[];
  /** Where tokens come from, without a trailing slash. @default 'https://login.microsoftonline.com' */
  readonly authority?: string;
  /** @default 'https://sts.windows.net/{tid}/' */
  readonly v1IssuerTemplate?: string;
  /** @default `${authority}/{tid}/v2.0` */
  readonly v2IssuerTemplate?: string;
  /** How far the clocks of the issuer and of this server may differ. @default 300_000 */
  readonly clockToleranceMs?: number;
  /** Scopes that every person's token must have, whatever the stream. @default none */
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
  if (tenants.length === 0) throw new ConfigurationError("tenants is empty: give your directory's ID, a GUID.");
  if (audiences.length === 0) {
    throw new ConfigurationError(
      "audience is empty: give the API's client ID, and its App ID URI if it takes v1 tokens.",
    );
  }
  if (!Number.isFinite(clockToleranceMs) || clockToleranceMs < 0) {
    throw new ConfigurationError('clockToleranceMs must be a number of milliseconds from 0.');
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
      `tenants has '${tenant}', which would accept any directory's users: list the tenants' GUIDs.`,
    );
  }
  throw new ConfigurationError(`tenants has '${tenant}': give the tenant's ID, a GUID, rather than its domain name.`);
}

function checkAudience(audience: string): string {
  if (isGuid(audience)) return audience.toLowerCase();
  if (URL.canParse(audience)) return audience;
  throw new ConfigurationError(
    `audience has '${audience}': give a client ID (a GUID) or an App ID URI such as api://<client ID>.`,
  );
}

function checkAuthority(authority: string): string {
  const url = URL.parse(authority);
  const isLocal = url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url?.protocol !== 'https:' && !(isLocal && url.protocol === 'http:')) {
    throw new ConfigurationError(
      `authority is '${authority}': it must be https, as whoever answers there decides who is signed in.`,
    );
  }
  return authority.replace(/\/+$/, '');
}
