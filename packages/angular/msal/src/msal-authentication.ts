import { inject } from '@angular/core';
import type { AccountInfo } from '@azure/msal-browser';
import type { SseAuthentication } from '@sillage/angular';
import { MsalAccounts } from './msal-account';
import { MSAL_OPTIONS } from './msal-options';
import { MsalTokens } from './msal-tokens';

/** Who one stream is opened as, where it differs from the application's default. */
export interface MsalAuthenticationOptions {
  readonly scopes?: readonly string[] | undefined;
  readonly account?: AccountInfo | undefined;
}

/**
 * Opens a stream as an MSAL account, pinned at the first token: a stream that began as one user never continues as another. Call it in an
 * injection context, once for each subscription.
 */
export function msalAuthentication(options: MsalAuthenticationOptions = {}): SseAuthentication {
  const accounts = inject(MsalAccounts);
  const tokens = inject(MsalTokens);
  const { scopes = inject(MSAL_OPTIONS).scopes } = options;
  const chosen = options.account === undefined ? 'by-msal' : 'by-the-caller';
  let account = options.account;

  return {
    accessToken: ({ demand }) => {
      account ??= tokens.account();
      return tokens.acquire(account, scopes, demand);
    },
    ended: accounts.ended(() => (account === undefined ? null : { account, chosen })),
  };
}
