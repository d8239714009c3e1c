export { startEntraEmulator } from './emulator.ts';
export type { EntraEmulator, EntraEmulatorOptions, MsalAuthOptions } from './emulator.ts';
export type { EmulatorControls, UserState } from './controls.ts';
export { ControlError, isControlError } from './control-error.ts';
export { PortInUseError, isPortInUseError } from './listener.ts';
export type { OpenIdMetadata } from './metadata-endpoint.ts';
export type { ApiApplication, Application, DaemonApplication, SpaApplication, Tenant, User } from './directory.ts';
export type { Fault, FaultyEndpoint } from './faults.ts';
export type { MintAlgorithm, MintKey, MintRequest } from './mint.ts';
export type { LogEntry } from './request-log.ts';
export { v1Issuer, v2Issuer } from './issuers.ts';
export { acrsClaims } from './claims-request.ts';
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
