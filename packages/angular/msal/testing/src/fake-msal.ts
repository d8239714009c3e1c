import { makeEnvironmentProviders, type EnvironmentProviders } from '@angular/core';
import { MSAL_INSTANCE } from '@azure/msal-angular';
import {
  BrowserAuthError,
  EventType,
  InteractionRequiredAuthError,
  InteractionType,
  type AccountInfo,
  type EventCallbackFunction,
  type EventMessage,
  type SilentRequest,
} from '@azure/msal-browser';

/** Who is signed in at the beginning. */
export interface FakeMsalOptions {
  /** The usernames, or whole accounts. @default ['alice@contoso.example'] */
  readonly accounts?: readonly (string | AccountInfo)[];
  /**
   * Whether a token with demanded claims requires a window, as a second factor does, or is given silently.
   *
   * @default 'window'
   */
  readonly claims?: 'window' | 'silently';
}

/**
 * MSAL as far as `@sillage/angular/msal` uses it: accounts, silent tokens, windows and events, without a tenant and without a browser's storage. Its
 * tokens are `<username>-<number>`.
 */
export class FakeMsal {
  /** Every call of `acquireTokenSilent`. */
  readonly silent: SilentRequest[] = [];
  /** Every call of `acquireTokenPopup`. */
  readonly interactive: unknown[] = [];
  accounts: AccountInfo[];
  active: AccountInfo | null;
  /** What silent calls reject with, until a window was used: {@link interactionRequired}, say. */
  failure: Error | null = null;
  /** Who signs in in the window. `'closes'`: the user closes it. @default the account that is asked for */
  popup: AccountInfo | 'closes' | 'same' = 'same';
  readonly #claims: 'window' | 'silently';
  readonly #granted = new Set<string>();
  readonly #callbacks = new Map<string, EventCallbackFunction>();
  #ids = 0;

  constructor({ accounts = ['alice@contoso.example'], claims = 'window' }: FakeMsalOptions = {}) {
    this.accounts = accounts.map((account) => (typeof account === 'string' ? accountOf(account) : account));
    this.active = this.accounts[0] ?? null;
    this.#claims = claims;
  }

  /** How many callbacks are registered for events. */
  get listeners(): number {
    return this.#callbacks.size;
  }

  initialize(): Promise<void> {
    return Promise.resolve();
  }

  getActiveAccount(): AccountInfo | null {
    return this.active;
  }

  setActiveAccount(account: AccountInfo | null): void {
    this.active = account;
    this.emit(EventType.ACTIVE_ACCOUNT_CHANGED, null, null);
  }

  getAllAccounts(): AccountInfo[] {
    return this.accounts;
  }

  acquireTokenSilent(request: SilentRequest): Promise<{ accessToken: string }> {
    this.silent.push(request);
    if (this.failure !== null) return Promise.reject(this.failure);
    const { claims = '', account } = request;
    if (claims !== '' && this.#claims === 'window' && !this.#granted.has(claims)) {
      return Promise.reject(interactionRequired(claims));
    }
    return Promise.resolve({ accessToken: `${account?.username ?? ''}-${this.silent.length}`.replace('@', '.') });
  }

  async acquireTokenPopup(request: {
    readonly account?: AccountInfo;
    readonly claims?: string;
  }): Promise<{ account: AccountInfo }> {
    this.interactive.push(request);
    await Promise.resolve();
    const account = this.popup === 'same' ? (request.account ?? this.accounts[0]) : this.popup;
    if (account === 'closes' || account === undefined) throw new BrowserAuthError('user_cancelled', '');
    if (account.homeAccountId === request.account?.homeAccountId) {
      this.failure = null;
      this.#granted.add(request.claims ?? '');
    }
    this.signIn(account);
    return { account };
  }

  addEventCallback(callback: EventCallbackFunction): string {
    const id = String((this.#ids += 1));
    this.#callbacks.set(id, callback);
    return id;
  }

  removeEventCallback(id: string): void {
    this.#callbacks.delete(id);
  }

  /** Signs an account in, as another tab or a window does. */
  signIn(account: AccountInfo): void {
    if (!this.accounts.some(({ homeAccountId }) => homeAccountId === account.homeAccountId))
      this.accounts.push(account);
    this.active ??= account;
    this.emit(EventType.ACQUIRE_TOKEN_SUCCESS, InteractionType.Popup, { account });
  }

  /** Signs an account out, or everybody: as `logoutPopup()` does, here or in another tab. */
  signOut(account?: AccountInfo): void {
    this.accounts =
      account === undefined ? [] : this.accounts.filter(({ homeAccountId }) => homeAccountId !== account.homeAccountId);
    if (account === undefined || this.active?.homeAccountId === account.homeAccountId) this.active = null;
    for (const type of [EventType.LOGOUT_START, EventType.LOGOUT_SUCCESS]) {
      this.emit(type, InteractionType.Popup, account === undefined ? {} : { account });
    }
  }

  /** Raises an event of MSAL. */
  emit(eventType: EventType, interactionType: InteractionType | null, payload: unknown): void {
    const message = {
      eventType,
      interactionType,
      payload,
      error: null,
      correlationId: '',
      timestamp: 0,
    } as EventMessage;
    for (const callback of [...this.#callbacks.values()]) callback(message);
  }
}

/** What MSAL rejects with where user interaction is required. @param message may have Entra's number, such as `AADSTS50076`. */
export function interactionRequired(claims = '', message = ''): InteractionRequiredAuthError {
  return Object.assign(new InteractionRequiredAuthError('interaction_required', '', message), { claims });
}

/**
 * Provides a {@link FakeMsal} as `MSAL_INSTANCE`, for tests of services that extend `BaseMsalApiService` and of components that use them.
 *
 * @usageNotes
 * ```ts
 * providers: [provideSse(withBaseUrl('/api'), withMsal({ scopes: ['x'] })), provideSseTesting(), provideFakeMsal({ accounts: ['alice@contoso.example'] })]
 * // TestBed.inject(FakeMsal).signOut();
 * ```
 */
export function provideFakeMsal(options: FakeMsalOptions = {}): EnvironmentProviders {
  return makeEnvironmentProviders([
    { provide: FakeMsal, useFactory: () => new FakeMsal(options) },
    { provide: MSAL_INSTANCE, useExisting: FakeMsal },
  ]);
}

function accountOf(username: string): AccountInfo {
  const id = username.replace('@', '.');
  return {
    homeAccountId: id,
    localAccountId: id,
    environment: 'login.microsoftonline.com',
    tenantId: 'contoso',
    username,
    name: username.split('@')[0] ?? username,
  };
}
