import type { ApiApplication, Directory } from './directory.ts';
import { EntraError } from '../entra-error.ts';

const openidScopes = new Set(['openid', 'profile', 'email', 'offline_access']);

/**
 * Microsoft Graph. At Entra a request with no API's scope gets a token for Graph; so it does here, because an API that
 * takes such a token for its own has a hole worth finding.
 */
export const graphId = '00000003-0000-0000-c000-000000000000';

/** What was asked for, understood. */
export interface ResolvedScopes {
  /** `undefined`: no API's scope was asked for (see {@link graphId}). */
  readonly api: ApiApplication | undefined;
  /** The delegated scopes without their prefix: the `scp` claim. */
  readonly names: readonly string[];
  /** The API part as the token response echoes it, with the prefix that the client used. */
  readonly echoed: readonly string[];
  /** `openid`, `profile`, `email`, `offline_access`: those that were asked for. */
  readonly openid: readonly string[];
  /** Whether the API part was `<resource>/.default`. */
  readonly isDefault: boolean;
}

/**
 * Understands a `scope` parameter: `<App ID URI or client ID>/<scope>`, `<…>/.default`, and the OpenID Connect ones.
 *
 * @throws EntraError AADSTS70011 for a scope that is unknown, 28000 for two APIs in one request, 500011 for an unknown API.
 */
export function resolveScopes(scope: string, directory: Directory): ResolvedScopes {
  const openid: string[] = [];
  const names = new Set<string>();
  const echoed = new Set<string>();
  let api: ApiApplication | undefined;
  let isDefault = false;

  for (const item of new Set(scope.split(/\s+/).filter(Boolean))) {
    if (openidScopes.has(item)) {
      openid.push(item);
      continue;
    }
    const slash = item.lastIndexOf('/');
    // Without a resource, Entra takes a scope for one of Graph's; User.Read is the one that registrations begin with.
    if (slash === -1 && item === 'User.Read') continue;
    if (slash === -1) throw unknownScope(item);
    const resource = item.slice(0, slash);
    const name = item.slice(slash + 1);
    const found = directory.api(resource);
    if (found === undefined) {
      throw new EntraError(
        500011,
        'invalid_resource',
        `The resource principal named ${printable(resource)} was not found in the tenant.`,
      );
    }
    if (api !== undefined && api !== found) {
      throw new EntraError(
        28000,
        'invalid_request',
        `Provided value for the input parameter scope is not valid because it contains more than one resource.`,
      );
    }
    api = found;
    if (name === '.default') {
      isDefault = true;
      for (const one of found.scopes) {
        names.add(one);
        echoed.add(`${resource}/${one}`);
      }
      echoed.add(item);
    } else {
      const known = found.scopes.find((one) => one.toLowerCase() === name.toLowerCase());
      if (known === undefined) throw unknownScope(item);
      names.add(known);
      echoed.add(`${resource}/${known}`);
    }
  }
  return { api, names: [...names], echoed: [...echoed], openid, isDefault };
}

function unknownScope(item: string): EntraError {
  return new EntraError(
    70011,
    'invalid_scope',
    `The provided value for the input parameter 'scope' is not valid. The scope ${printable(item)} is not valid.`,
  );
}

/** Text of a request, as it may appear in an error: short, and without control characters. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 120);
}
