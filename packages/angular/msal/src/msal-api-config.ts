import type { AccountInfo } from '@azure/msal-browser';
import type { SseOptions } from '@sillage/angular';

/**
 * How one call of a {@link BaseMsalApiService} differs from what `withMsal()` says. Every option of a stream is here under the name that it
 * has in `SseOptions`; `decode` is `'auto'` by default.
 */
export interface MsalApiConfig extends Omit<SseOptions, 'authentication' | 'body' | 'method'> {
  /** The scopes of the token. @default those of `withMsal()` */
  readonly scopes?: readonly string[];
  /** The account to act as. @default MSAL's active account, else the only one that is signed in */
  readonly account?: AccountInfo;
}
