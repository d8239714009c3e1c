import { computed, inject, Injectable, signal } from '@angular/core';
import { MSAL_INSTANCE } from '@azure/msal-angular';
import { EventType, InteractionType, type AccountInfo, type EventMessage } from '@azure/msal-browser';
import { AccessTokenError, InteractionRequiredError } from '@sillage/client';
import { MSAL_OPTIONS } from './msal-options';

/** A token that can only be had with a person's help. */
interface PendingInteraction {
  readonly scopes: readonly string[];
  readonly account: AccountInfo;
  /** The claims that the API or Entra demanded, a JSON text. */
  readonly claims: string | undefined;
}

/**
 * Whether anybody must sign in again, and the way to do it. One for all streams: the page shows one button, and one sign-in resumes them all.
 *
 * Nothing here opens a window by itself. A stream that needs a person waits in the state `interaction-required`.
 *
 * @usageNotes
 * ```html
 * @if (interaction.required()) {
 *   <button type="button" (click)="interaction.signIn()">Sign in again</button>
 * }
 * ```
 */
@Injectable({ providedIn: 'root' })
export class MsalInteraction {
  readonly #instance = inject(MSAL_INSTANCE);
  readonly #options = inject(MSAL_OPTIONS);
  readonly #pending = signal<PendingInteraction | null>(null);

  /** Whether something waits for a person to sign in. */
  readonly required = computed(() => this.#pending() !== null);

  constructor() {
    // What was asked of one person must not be asked of the next. For as long as the application, as this service is.
    this.#instance.addEventCallback(({ eventType }) => {
      if (eventType === EventType.LOGOUT_START) this.#pending.set(null);
    });
  }

  /** Asks the person to sign in, with what was demanded. Call it from a click: browsers block windows that nobody asked for. */
  async signIn(): Promise<void> {
    const pending = this.#pending();
    if (pending === null) return;
    const { scopes, account, claims } = pending;
    const request = { scopes: [...scopes], account, ...(claims === undefined ? {} : { claims }) };
    if (this.#options.interaction === 'redirect') await this.#instance.acquireTokenRedirect(request);
    // MSAL cannot tell that a person closed its last window, and would refuse another for a minute.
    else await this.#instance.acquireTokenPopup({ ...request, overrideInteractionInProgress: true });
    this.#pending.set(null);
  }

  /** Notes that a person is needed. The error's `settled` resolves once the account has signed in, however it was done. */
  require(pending: PendingInteraction, cause: unknown): InteractionRequiredError {
    this.#pending.update((current) => current ?? pending);
    const reason = 'sign-in is needed. Nothing is opened by itself: call MsalInteraction.signIn() from a click.';
    return new InteractionRequiredError(reason, {
      cause,
      settled: (signal) => this.#signedIn(pending.account, signal),
    });
  }

  #signedIn(account: AccountInfo, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const callbackId = this.#instance.addEventCallback((message) => {
        if (!isInteractiveSuccess(message, account)) return;
        this.#pending.set(null);
        stop();
        resolve();
      });
      const stop = (): void => {
        if (callbackId !== null) this.#instance.removeEventCallback(callbackId);
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        stop();
        reject(new AccessTokenError('the stream was closed while it waited for sign-in.'));
      };
      signal.addEventListener('abort', onAbort);
    });
  }
}

function isInteractiveSuccess(message: EventMessage, account: AccountInfo): boolean {
  const { eventType, interactionType, payload } = message;
  if (eventType !== EventType.LOGIN_SUCCESS && eventType !== EventType.ACQUIRE_TOKEN_SUCCESS) return false;
  if (interactionType === InteractionType.Silent) return false;
  if (payload === null) return false;
  const signedIn = 'account' in payload ? payload.account : 'homeAccountId' in payload ? payload : null;
  return signedIn?.homeAccountId === account.homeAccountId;
}
