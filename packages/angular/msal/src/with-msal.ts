import { withAuthentication, type SseFeature } from '@sillage/angular';
import { msalAuthentication } from './msal-authentication';
import { MSAL_OPTIONS, type MsalOptions, type ResolvedMsalOptions } from './msal-options';

/**
 * Opens streams with access tokens from MSAL, for Microsoft Entra ID. Needs `MSAL_INSTANCE` of `@azure/msal-angular` to be provided.
 *
 * Tokens are acquired silently, at every attempt. Where a person is needed, the stream waits and `MsalInteraction.required` says so.
 */
export function withMsal(options: MsalOptions): SseFeature {
  const { scopes, interaction = 'popup' } = options;
  return withAuthentication(
    () => msalAuthentication(),
    [
      {
        provide: MSAL_OPTIONS,
        useFactory: (): ResolvedMsalOptions => ({
          scopes: typeof scopes === 'function' ? scopes() : scopes,
          interaction,
        }),
      },
    ],
  );
}
