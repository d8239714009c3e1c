export { clientInfo, loginHint, oidOfLoginHint } from './account-hints.ts';
export { createDirectory } from './directory.ts';
export type {
  ApiApplication,
  Application,
  DaemonApplication,
  Directory,
  SpaApplication,
  Tenant,
  User,
} from './directory.ts';
export { isApplicationOrigin, registeredRedirect } from './redirect-uris.ts';
export {
  ALICE,
  BOB,
  CAROL,
  CONTOSO,
  DAVE,
  FABRIKAM,
  SAMPLE_API,
  SAMPLE_APPLICATIONS,
  SAMPLE_DAEMON,
  SAMPLE_SCOPE,
  SAMPLE_SPA,
  SAMPLE_TENANTS,
  SAMPLE_USERS,
} from './sample-directory.ts';
export { graphId, printable, resolveScopes } from './scopes.ts';
