import { inject, Injectable } from '@angular/core';
import { MSAL_INSTANCE } from '@azure/msal-angular';
import { AuthError, BrowserAuthErrorCodes, InteractionRequiredAuthError, type AccountInfo } from '@azure/msal-browser';
import { AccessTokenError, SignedOutError, type AccessTokenRequest } from '@sillage/client';
import { MsalInteraction } from './msal-interaction';
import { currentAccount, isSignedIn } from './msal-account';

/** The failures that pass by themselves. Branching is on codes: MSAL's messages change. */
const passing: ReadonlySet<string> = new Set([
  BrowserAuthErrorCodes.getRequestFailed,
  BrowserAuthErrorCodes.noNetworkConnectivity,
  BrowserAuthErrorCodes.postRequestFailed,
  // A hidden frame that never answered; MSAL does not count it among the errors that require interaction.
  BrowserAuthErrorCodes.timedOut,
  'network_error',
  'server_error',
  'service_not_available',
  'temporarily_unavailable',
]);

/** Whether asking again later may help: a network that is away, or an identity provider that is busy. */
function isPassing(error: AuthError): boolean {
  // What Entra answered with a status carries Entra's number as its code, so the status decides.
  const { status } = error as { readonly status?: unknown };
  return passing.has(error.errorCode) || status === 429 || (typeof status === 'number' && status >= 500);
}

/** How often in a row a hidden frame may time out before the user is asked: a browser that blocks it does so every time (msal-js#7389). */
const maxTimeouts = 3;

/** Access tokens from MSAL, silently. Never starts an interaction. */
@Injectable({ providedIn: 'root' })
export class MsalTokens {
  readonly #instance = inject(MSAL_INSTANCE);
  readonly #interaction = inject(MsalInteraction);
  /** How often in a row the hidden frame of an account has timed out. */
  readonly #timeouts = new Map<string, number>();

  /** The account to act as. @throws {AccessTokenError} where nobody is signed in, or several are and none is active. */
  account(): AccountInfo {
    const account = currentAccount(this.#instance);
    if (account !== null) return account;
    throw new AccessTokenError(
      this.#instance.getAllAccounts().length === 0
        ? 'nobody is signed in.'
        : 'several accounts are signed in: choose one with setActiveAccount().',
    );
  }

  /**
   * A token for `account`.
   *
   * @param demand what the API demanded when it refused the last one.
   * @throws {InteractionRequiredError} where user interaction is required, {@link SignedOutError} where the account has signed out,
   *   {@link AccessTokenError} where no token can be had.
   */
  async acquire(
    account: AccountInfo,
    scopes: readonly string[],
    demand: AccessTokenRequest['demand'],
  ): Promise<string> {
    const claims = demand?.claims;
    try {
      // Idempotent. An app that forgot it would otherwise fail with "uninitialized_public_client_application".
      await this.#instance.initialize();
      const { accessToken } = await this.#instance.acquireTokenSilent({
        scopes: [...scopes],
        account,
        // Claims bypass MSAL's cache by themselves; without claims, a refused token must be asked for by force.
        ...(claims === undefined ? { forceRefresh: demand !== undefined } : { claims }),
      });
      this.#timeouts.delete(account.homeAccountId);
      return accessToken;
    } catch (error) {
      // Its cache was cleared, here or in another tab: a sign-in would be that of a new session, which the application begins.
      if (!isSignedIn(this.#instance, account)) throw new SignedOutError();
      const required = this.#requiresInteraction(error, account);
      if (required !== undefined) {
        const demanded = claims ?? (required.claims === '' ? undefined : required.claims);
        throw this.#interaction.require({ scopes, account, claims: demanded }, required);
      }
      const reason =
        error instanceof AuthError ? error.errorCode : error instanceof Error ? error.message : String(error);
      const retry = error instanceof AuthError && isPassing(error) ? 'later' : 'never';
      throw new AccessTokenError(reason, { cause: error, retry });
    }
  }

  #requiresInteraction(error: unknown, { homeAccountId }: AccountInfo): InteractionRequiredAuthError | undefined {
    if (error instanceof InteractionRequiredAuthError) return error;
    if (!(error instanceof AuthError) || error.errorCode !== BrowserAuthErrorCodes.timedOut) return undefined;
    const timeouts = (this.#timeouts.get(homeAccountId) ?? 0) + 1;
    this.#timeouts.set(homeAccountId, timeouts);
    if (timeouts < maxTimeouts) return undefined;
    this.#timeouts.delete(homeAccountId);
    return new InteractionRequiredAuthError(error.errorCode, error.correlationId, error.errorMessage);
  }
}
