import { computed, inject, Injectable, signal } from '@angular/core';
import { MSAL_INSTANCE, MsalService } from '@azure/msal-angular';
import { EventType, type AccountInfo } from '@azure/msal-browser';
import { firstValueFrom } from 'rxjs';
import { WEB_CONFIG } from '@app/web-config';
import { describeSignInError } from './describe-sign-in-error';
import { usernameOf, type SampleUser } from './sample-users';

/** What the person may wait for. */
type Activity = 'none' | 'signing-in' | 'signing-out';

/** Who uses the page, and the ways in and out. Everything here is started by a click. */
@Injectable({ providedIn: 'root' })
export class Account {
  readonly #instance = inject(MSAL_INSTANCE);
  readonly #msal = inject(MsalService);
  readonly #scopes = [...inject(WEB_CONFIG).scopes];
  readonly #current = signal<AccountInfo | null>(null);
  readonly #activity = signal<Activity>('none');
  readonly #problem = signal<string | null>(null);

  /** The MSAL account; `null` while nobody is signed in. */
  readonly current = this.#current.asReadonly();
  readonly activity = this.#activity.asReadonly();
  /** What went wrong with the last attempt, in words; `null` where nothing did. */
  readonly problem = this.#problem.asReadonly();
  /** As the API keys people: names and addresses change hands. */
  readonly personId = computed(() => {
    const account = this.current();
    return account === null ? null : `${account.tenantId}.${account.localAccountId}`;
  });
  readonly name = computed(() => this.current()?.name ?? this.current()?.username ?? '');

  constructor() {
    this.#instance.addEventCallback(({ eventType }) => {
      if (eventType === EventType.LOGOUT_SUCCESS || eventType === EventType.ACTIVE_ACCOUNT_CHANGED) {
        this.#current.set(this.#instance.getActiveAccount());
      }
    });
  }

  /** Takes up what a redirect brought, else who was signed in before the page was loaded. */
  async resume(): Promise<void> {
    try {
      const result = await firstValueFrom(this.#msal.handleRedirectObservable());
      const [only, another] = this.#instance.getAllAccounts();
      const account =
        result?.account ?? this.#instance.getActiveAccount() ?? (another === undefined ? only : undefined);
      if (account !== undefined) this.#become(account);
    } catch (error) {
      // A sign-in that failed at the provider is no reason not to show the page.
      this.#problem.set(describeSignInError(error));
    }
  }

  /** Leaves the page, which comes back as it was: same address, signed in. */
  signIn(): Promise<void> {
    return this.#attempt('signing-in', () => this.#instance.loginRedirect(this.#request()));
  }

  /** In demo mode: as a sample user of the emulator, who is not asked for anything. Entra ID ignores the parameter. */
  enterAs(user: SampleUser): Promise<void> {
    const extraQueryParameters = { emulator_user: usernameOf(user) };
    return this.#attempt('signing-in', () =>
      this.#instance.loginRedirect({ ...this.#request(), extraQueryParameters }),
    );
  }

  /** Replaces the cached access token, whose keys or lifetime are those of the moment it was issued. */
  async refreshToken(): Promise<void> {
    const account = this.#current();
    if (account === null) return;
    await this.#instance.acquireTokenSilent({ scopes: this.#scopes, account, forceRefresh: true });
  }

  async signInWithPopup(): Promise<void> {
    return this.#attempt('signing-in', async () => {
      // MSAL cannot tell that its window was closed, and would refuse another for a minute: a new click is a new attempt.
      const { account } = await this.#instance.loginPopup({ ...this.#request(), overrideInteractionInProgress: true });
      this.#become(account);
    });
  }

  /** In a popup, so that the page stays. MSAL forgets the person first: streams end at once. */
  signOut(): Promise<void> {
    return this.#attempt('signing-out', async () => {
      const account = this.#current();
      await this.#instance.logoutPopup(account === null ? {} : { account });
      this.#current.set(this.#instance.getActiveAccount());
    });
  }

  #request() {
    // Asked for each time: two tabs of a browser share the provider's session, and may be two people.
    return { scopes: this.#scopes, prompt: 'select_account' };
  }

  #become(account: AccountInfo): void {
    this.#instance.setActiveAccount(account);
    this.#current.set(account);
  }

  async #attempt(activity: Activity, act: () => Promise<void>): Promise<void> {
    this.#problem.set(null);
    this.#activity.set(activity);
    try {
      await act();
    } catch (error) {
      this.#problem.set(
        activity === 'signing-out' && this.#current() === null
          ? $localize`:@@sign-in.error.sign-out:You are signed out here. The identity provider may still know you: its sign-out window could not be used.`
          : describeSignInError(error),
      );
    } finally {
      this.#activity.set('none');
    }
  }
}
