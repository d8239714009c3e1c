export { BaseMsalApiService } from './base-msal-api-service';
export type { MsalApiParams } from './base-msal-api-service';
export type { MsalApiConfig } from './msal-api-config';
export { msalAuthentication } from './msal-authentication';
export type { MsalAuthenticationOptions } from './msal-authentication';
export { MsalInteraction } from './msal-interaction';
export type { MsalOptions } from './msal-options';
export { MsalTokens } from './msal-tokens';
export { withMsal } from './with-msal';
