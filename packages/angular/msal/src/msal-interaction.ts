import { computed, inject, Injectable, signal } from '@angular/core';
import { MSAL_INSTANCE } from '@azure/msal-angular';
import {
  EventType,
  InteractionType,
  type AccountInfo,
  type EventMessage,
  type InteractionRequiredAuthError,
} from '@azure/msal-browser';
import { AccessTokenError, InteractionRequiredError } from '@sillage/client';
import { interactionReason, type InteractionReason } from './interaction-reason';
import { MSAL_OPTIONS } from './msal-options';

/** A token that requires user interaction, and what waits for it. */
export interface PendingInteraction {
  readonly account: AccountInfo;
  readonly scopes: readonly string[];
  /** The claims that the API or Entra demanded, a JSON text. */
  readonly claims: string | undefined;
  readonly reason: InteractionReason;
}

/** An entry, and a callback for each stream that waits for it, called after its account has signed in. */
interface Entry extends PendingInteraction {
  readonly waiting: Set<() => void>;
}

/** Entries of an account. Past it, further demands wait with the last one, and are asked for again after its sign-in. */
const maxEntries = 20;

/**
 * The tokens that require user interaction, and the way to ask for it. Streams with the same account, scopes and claims share an entry, and one sign-in
 * resumes all that it satisfies; what it does not satisfy stays.
 *
 * Nothing here opens a window by itself. A stream that requires interaction waits in the state `interaction-required`.
 *
 * @usageNotes
 * ```html
 * <sillage-sign-in-required />
 * ```
 */
@Injectable({ providedIn: 'root' })
export class MsalInteraction {
  readonly #instance = inject(MSAL_INSTANCE);
  readonly #options = inject(MSAL_OPTIONS);
  readonly #entries = signal<readonly Entry[]>([]);
  readonly #isSigningIn = signal(false);
  #signingIn: Promise<void> | undefined;

  /** What requires interaction, the oldest first. */
  readonly pending = computed<readonly PendingInteraction[]>(() => this.#entries());
  /** Whether anything does. */
  readonly required = computed(() => this.#entries().length > 0);
  /** Whether a window is open that asks the user. */
  readonly isSigningIn = this.#isSigningIn.asReadonly();

  constructor() {
    // For as long as the application, as this service is.
    this.#instance.addEventCallback((message) => this.#heard(message));
  }

  /**
   * Asks the user to sign in, with what was demanded. Call it from a click: browsers block windows that nobody asked for. A second call waits for
   * the window that is open.
   *
   * @param pending what to ask for. @default the oldest of {@link pending}
   * @throws what MSAL rejects with, if the window was closed or blocked or the sign-in failed; {@link AccessTokenError} if the user chose another
   *   account. Everything keeps waiting then, and the call can be repeated.
   */
  signIn(pending: PendingInteraction | undefined = this.#entries()[0]): Promise<void> {
    if (pending === undefined) return Promise.resolve();
    this.#signingIn ??= this.#ask(pending).finally(() => {
      this.#signingIn = undefined;
      this.#isSigningIn.set(false);
    });
    return this.#signingIn;
  }

  async #ask({ scopes, account, claims }: PendingInteraction): Promise<void> {
    this.#isSigningIn.set(true);
    const request = { scopes: [...scopes], account, ...(claims === undefined ? {} : { claims }) };
    if (this.#options.interaction === 'redirect') return this.#instance.acquireTokenRedirect(request);
    // MSAL cannot tell that a user closed its last window, and would refuse another for a minute.
    const result = await this.#instance.acquireTokenPopup({ ...request, overrideInteractionInProgress: true });
    const chosen = (result as typeof result | undefined)?.account;
    if (chosen != null && chosen.homeAccountId !== account.homeAccountId) {
      throw new AccessTokenError(
        `${chosen.username} signed in, and ${account.username} is required. Choose that account.`,
      );
    }
  }

  /**
   * Notes that interaction is required. The error's `settled` resolves once the account has signed in, in whatever way; where its signal aborts, the
   * stream no longer waits.
   */
  require(
    { account, scopes, claims }: Omit<PendingInteraction, 'reason'>,
    cause: InteractionRequiredAuthError,
  ): InteractionRequiredError {
    const entry = this.#entryOf({ account, scopes, claims, reason: interactionReason(cause, claims) });
    return new InteractionRequiredError(
      'user interaction is required. Nothing is opened by itself: call MsalInteraction.signIn() from a click.',
      { cause, settled: (abort) => this.#wait(entry, abort) },
    );
  }

  #entryOf(wanted: PendingInteraction): Entry {
    const ofAccount = this.#entries().filter(({ account }) => account.homeAccountId === wanted.account.homeAccountId);
    const last = ofAccount.length >= maxEntries ? ofAccount.at(-1) : undefined;
    const known = ofAccount.find((entry) => keyOf(entry) === keyOf(wanted)) ?? last;
    if (known !== undefined) return known;
    const entry = { ...wanted, waiting: new Set<() => void>() };
    this.#entries.update((entries) => [...entries, entry]);
    return entry;
  }

  #wait(entry: Entry, abort: AbortSignal): Promise<void> {
    // The account has signed in meanwhile.
    if (!this.#entries().includes(entry)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        entry.waiting.delete(settle);
        abort.removeEventListener('abort', leave);
      };
      const settle = (): void => {
        stop();
        resolve();
      };
      const leave = (): void => {
        stop();
        // The last stream that waited has gone: nobody needs this sign-in any more.
        if (entry.waiting.size === 0) this.#remove((other) => other === entry);
        reject(new AccessTokenError('the stream was closed while it waited for user interaction.'));
      };
      entry.waiting.add(settle);
      abort.addEventListener('abort', leave);
    });
  }

  #heard(message: EventMessage): void {
    const { eventType, payload } = message;
    if (eventType === EventType.LOGOUT_START || eventType === EventType.LOGOUT_SUCCESS) {
      const leaving = payload !== null && 'account' in payload ? payload.account : undefined;
      this.#remove(({ account }) => leaving == null || leaving.homeAccountId === account.homeAccountId);
      return;
    }
    const signedIn = interactiveAccount(message);
    if (signedIn === undefined) return;
    const satisfied = this.#remove(({ account }) => account.homeAccountId === signedIn.homeAccountId);
    // Each asks for its token again. What this sign-in did not satisfy is refused, and waits as before.
    for (const { waiting } of satisfied) for (const settle of [...waiting]) settle();
  }

  #remove(isMeant: (entry: Entry) => boolean): readonly Entry[] {
    const removed = this.#entries().filter(isMeant);
    if (removed.length > 0) this.#entries.update((entries) => entries.filter((entry) => !removed.includes(entry)));
    return removed;
  }
}

function keyOf({ account, scopes, claims }: PendingInteraction): string {
  return JSON.stringify([account.homeAccountId, scopes.toSorted(), claims]);
}

/** Who has signed in interactively, in this tab or another. */
function interactiveAccount({ eventType, interactionType, payload }: EventMessage): AccountInfo | undefined {
  if (eventType !== EventType.LOGIN_SUCCESS && eventType !== EventType.ACQUIRE_TOKEN_SUCCESS) return undefined;
  if (interactionType === InteractionType.Silent || payload === null) return undefined;
  if ('account' in payload) return payload.account ?? undefined;
  return 'homeAccountId' in payload ? payload : undefined;
}
