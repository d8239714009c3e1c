import { InjectionToken } from '@angular/core';

/** What `withMsal()` takes. */
export interface MsalOptions {
  /** The scopes of the tokens, such as `['api://orders/Stream.Access']`. A function is called once, in an injection context. */
  readonly scopes: readonly string[] | (() => readonly string[]);
  /**
   * How a person is asked to sign in again, when they click on it. Default `'popup'`: the page stays, and its streams resume where they
   * were. `'redirect'` leaves the page, and with it the streams' places.
   */
  readonly interaction?: 'popup' | 'redirect';
}

/** {@link MsalOptions}, resolved. */
export interface ResolvedMsalOptions {
  readonly scopes: readonly string[];
  readonly interaction: 'popup' | 'redirect';
}

export const MSAL_OPTIONS = new InjectionToken<ResolvedMsalOptions>('MSAL_OPTIONS', {
  factory: () => {
    throw new Error('No scopes for MSAL: add withMsal({ scopes: […] }) to provideSse().');
  },
});
