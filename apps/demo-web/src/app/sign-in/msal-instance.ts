import { BrowserCacheLocation, PublicClientApplication, type IPublicClientApplication } from '@azure/msal-browser';
import type { WebConfig } from 'demo-contract';

/**
 * Where the identity provider returns to, after a popup, a hidden frame and a redirect alike: MSAL's bridge leads on from there. One address
 * for all locales, as it is registered.
 */
const redirectUri = (): string => new URL('/redirect.html', location.origin).href;

export function createMsalInstance({ auth }: WebConfig): IPublicClientApplication {
  return new PublicClientApplication({
    auth: {
      clientId: auth.clientId,
      authority: auth.authority,
      ...(auth.knownAuthorities === undefined ? {} : { knownAuthorities: [...auth.knownAuthorities] }),
      ...(auth.authorityMetadata === undefined ? {} : { authorityMetadata: auth.authorityMetadata }),
      redirectUri: redirectUri(),
      postLogoutRedirectUri: redirectUri(),
      // Tells the API that this client can answer a claims challenge; without it, a step-up would be a plain refusal.
      clientCapabilities: ['CP1'],
    },
    // Each tab its own person: with localStorage, a second sign-in would take over the first tab's streams.
    cache: { cacheLocation: BrowserCacheLocation.SessionStorage },
  });
}
