import { InvalidOptionError } from '../emulator-error.ts';
import { isGuid } from '../guid.ts';

/** A simulated Entra tenant. */
export interface Tenant {
  /** A guidPattern: the `tid` of the tenant's tokens. */
  readonly tenantId: string;
  readonly displayName: string;
  /** May stand for the tenant's guidPattern in a path, as a verified domain does at Entra. */
  readonly domain: string;
}

/** A simulated user. Nobody has a password here. */
export interface User {
  /** A guidPattern: the `oid` of the user's tokens. */
  readonly oid: string;
  /** The sign-in name, compared without regard to case: `preferred_username`, and `upn` in v1 tokens. */
  readonly username: string;
  readonly displayName: string;
  readonly tenantId: string;
  /** The app roles that the user has in every API: the `roles` claim, left out when empty. */
  readonly roles: readonly string[];
}

/** A public client with redirect URIs of the type "single-page application". */
export interface SpaApplication {
  readonly kind: 'spa';
  /** A guidPattern. */
  readonly clientId: string;
  readonly displayName: string;
  /** Redirect URIs, compared character by character. @default none */
  readonly redirectUris?: readonly string[];
  /** `any-port`: every `http://localhost:<port>/…` is a redirect URI too. @default `none` */
  readonly localhostRedirects?: 'any-port' | 'none';
}

/** An API: what access tokens are for. */
export interface ApiApplication {
  readonly kind: 'api';
  /** A guidPattern: the `aud` of v2 access tokens. */
  readonly clientId: string;
  readonly displayName: string;
  /** Without a trailing slash: the `aud` of v1 access tokens, and the prefix of the scopes. */
  readonly appIdUri: string;
  /** The delegated scopes, without the prefix. */
  readonly scopes: readonly string[];
  /** The shape of the API's access tokens, as `requestedAccessTokenVersion` in a registration. */
  readonly accessTokenVersion: 1 | 2;
}

/** A confidential client that signs in as itself (client credentials). */
export interface DaemonApplication {
  readonly kind: 'daemon';
  /** A guidPattern. */
  readonly clientId: string;
  readonly displayName: string;
  /** A guidPattern: the `oid` and `sub` of its app-only tokens. */
  readonly servicePrincipalId: string;
  /** The client secret. A sample: it protects nothing. */
  readonly secret: string;
  /** The app roles of its app-only tokens. */
  readonly roles: readonly string[];
}

/** A registration. All of them are multi-tenant. */
export type Application = SpaApplication | ApiApplication | DaemonApplication;

/** The tenants, users and applications of the emulator. */
export interface Directory {
  readonly tenants: readonly Tenant[];
  readonly users: readonly User[];
  /** The tenant of a path segment (guidPattern or domain), or `undefined`. */
  tenant(segment: string): Tenant | undefined;
  user(oid: string): User | undefined;
  userByName(username: string): User | undefined;
  spa(clientId: string): SpaApplication | undefined;
  daemon(clientId: string): DaemonApplication | undefined;
  /** The API of an App ID URI or client ID, or `undefined`. */
  api(resource: string): ApiApplication | undefined;
  /** The first registered API: the default audience of minted tokens. */
  readonly defaultApi: ApiApplication;
  /** The client that a minted token names: the first single-page application, else the API itself. */
  readonly defaultClientId: string;
  readonly spas: readonly SpaApplication[];
}

export interface DirectoryData {
  readonly tenants: readonly Tenant[];
  readonly users: readonly User[];
  readonly applications: readonly Application[];
}

/**
 * Copies and checks the data.
 *
 * @throws InvalidOptionError with the wrong entry and its correction.
 */
export function createDirectory(data: DirectoryData): Directory {
  const { tenants, users, applications } = structuredClone(data);
  check({ tenants, users, applications });
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  const apis = applications.filter((application) => application.kind === 'api');
  const spas = applications.filter((application) => application.kind === 'spa');
  const [defaultApi] = apis;
  if (defaultApi === undefined)
    throw new InvalidOptionError('applications needs one of kind "api": tokens are for an API.');

  return {
    tenants,
    users,
    defaultApi,
    defaultClientId: spas[0]?.clientId ?? defaultApi.clientId,
    spas,
    tenant: (segment) => tenants.find(({ tenantId, domain }) => same(tenantId, segment) || same(domain, segment)),
    user: (oid) => users.find((user) => same(user.oid, oid)),
    userByName: (username) => users.find((user) => same(user.username, username)),
    spa: (clientId) => spas.find((one) => same(one.clientId, clientId)),
    daemon: (clientId) =>
      applications.filter((one) => one.kind === 'daemon').find((one) => same(one.clientId, clientId)),
    api: (resource) => apis.find((api) => same(api.clientId, resource) || same(api.appIdUri, resource)),
  };
}

function check({ tenants, users, applications }: DirectoryData): void {
  if (tenants.length === 0) throw new InvalidOptionError('tenants is empty: give at least one tenant.');
  const ids = [
    ...tenants.map(({ tenantId, displayName }) => ({ id: tenantId, what: `The tenantId of tenant ${displayName}` })),
    ...users.map(({ oid, username }) => ({ id: oid, what: `The oid of user ${username}` })),
    ...applications.map(({ clientId, displayName }) => ({ id: clientId, what: `The clientId of ${displayName}` })),
  ];
  const seen = new Set<string>();
  for (const { id, what } of ids) {
    if (!isGuid(id))
      throw new InvalidOptionError(`${what} is "${id}": give a guidPattern, for example ${crypto.randomUUID()}.`);
    if (seen.has(id.toLowerCase()))
      throw new InvalidOptionError(`${what} is used twice: give each entry its own guidPattern.`);
    seen.add(id.toLowerCase());
  }
  for (const { username, tenantId } of users) {
    if (!tenants.some((tenant) => tenant.tenantId === tenantId)) {
      throw new InvalidOptionError(
        `User ${username} is of tenant "${tenantId}", which is not among tenants: add it, or correct.`,
      );
    }
  }
  for (const application of applications) {
    if (application.kind === 'api' && !/^[a-z][a-z0-9+.-]*:\/\/.*[^/]$/i.test(application.appIdUri)) {
      throw new InvalidOptionError(
        `The appIdUri of ${application.displayName} is "${application.appIdUri}": give a URI without a trailing slash, such as api://${application.clientId}.`,
      );
    }
  }
}
