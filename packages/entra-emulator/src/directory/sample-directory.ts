import type { Application, Tenant, User } from './directory.ts';

/** The sample tenant that most demos sign in to. */
export const CONTOSO: Tenant = {
  tenantId: 'c0475050-0000-4000-8000-000000000001',
  displayName: 'Contoso (sample)',
  domain: 'contoso.example',
};

/** A second sample tenant, for tests of what must not cross from one to another. */
export const FABRIKAM: Tenant = {
  tenantId: 'fab21ca0-0000-4000-8000-000000000002',
  displayName: 'Fabrikam (sample)',
  domain: 'fabrikam.example',
};

/** Contoso's administrator: role `Stream.Admin`. */
export const ALICE: User = {
  oid: 'a11ce000-0000-4000-8000-00000000000a',
  username: 'alice@contoso.example',
  displayName: 'Alice Sample',
  tenantId: CONTOSO.tenantId,
  roles: ['Stream.Admin'],
};

/** Contoso's reader: role `Stream.Reader`. */
export const BOB: User = {
  oid: 'b0b00000-0000-4000-8000-00000000000b',
  username: 'bob@contoso.example',
  displayName: 'Bob Sample',
  tenantId: CONTOSO.tenantId,
  roles: ['Stream.Reader'],
};

/** Fabrikam's reader: same role as Bob, another tenant. */
export const CAROL: User = {
  oid: 'ca201000-0000-4000-8000-00000000000c',
  username: 'carol@fabrikam.example',
  displayName: 'Carol Sample',
  tenantId: FABRIKAM.tenantId,
  roles: ['Stream.Reader'],
};

/** Another reader of Contoso's, for what takes three. */
export const DAVE: User = {
  oid: 'dabe0000-0000-4000-8000-00000000000d',
  username: 'dave@contoso.example',
  displayName: 'Dave Sample',
  tenantId: CONTOSO.tenantId,
  roles: ['Stream.Reader'],
};

/** The sample API: delegated scope `Stream.Access`, v2 access tokens. */
export const SAMPLE_API = {
  kind: 'api',
  clientId: '5a9e0a91-0000-4000-8000-0000000000a1',
  displayName: 'Sample streaming API',
  appIdUri: 'api://5a9e0a91-0000-4000-8000-0000000000a1',
  scopes: ['Stream.Access'],
  accessTokenVersion: 2,
} as const satisfies Application;

/** The delegated scope of the sample API, in the form that a client asks for. */
export const SAMPLE_SCOPE = `${SAMPLE_API.appIdUri}/Stream.Access`;

/** The sample single-page application; any `http://localhost:<port>/…` is one of its redirect URIs. */
export const SAMPLE_SPA = {
  kind: 'spa',
  clientId: '5a9e05fa-0000-4000-8000-0000000000b2',
  displayName: 'Sample web app',
  localhostRedirects: 'any-port',
} as const satisfies Application;

/** The sample daemon, for app-only tokens. Its secret is printed in this file: it protects nothing. */
export const SAMPLE_DAEMON = {
  kind: 'daemon',
  clientId: '5a9eda30-0000-4000-8000-0000000000c3',
  displayName: 'Sample daemon',
  servicePrincipalId: '5a9e0b1d-0000-4000-8000-0000000000d4',
  secret: 'sample-secret-that-protects-nothing',
  roles: ['Stream.Publish'],
} as const satisfies Application;

/** What the emulator knows unless told otherwise. */
export const SAMPLE_TENANTS: readonly Tenant[] = [CONTOSO, FABRIKAM];
/** What the emulator knows unless told otherwise. */
export const SAMPLE_USERS: readonly User[] = [ALICE, BOB, CAROL, DAVE];
/** What the emulator knows unless told otherwise. */
export const SAMPLE_APPLICATIONS: readonly Application[] = [SAMPLE_SPA, SAMPLE_API, SAMPLE_DAEMON];
