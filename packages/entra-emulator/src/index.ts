export { startEntraEmulator } from './emulator.ts';
export type { EntraEmulator, EntraEmulatorOptions, MsalAuthOptions } from './emulator.ts';
export type { EmulatorControls, MintAlgorithm, MintKey, MintRequest, UserState } from './control/index.ts';
export { ControlError, isControlError } from './control/index.ts';
export { EntraEmulatorError, InvalidOptionError } from './emulator-error.ts';
export type { EmulatorErrorCode } from './emulator-error.ts';
export { isEmulatorError } from './is-emulator-error.ts';
export type { EmulatorError } from './is-emulator-error.ts';
export { isPortInUseError, PortInUseError } from './http/index.ts';
export type { OpenIdMetadata } from './keys/index.ts';
export type {
  ApiApplication,
  Application,
  DaemonApplication,
  SpaApplication,
  Tenant,
  User,
} from './directory/index.ts';
export type { Fault, FaultyEndpoint, LogEntry } from './state/index.ts';
export { v1Issuer, v2Issuer } from './keys/index.ts';
export { acrsClaims } from './state/index.ts';
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
} from './directory/index.ts';
