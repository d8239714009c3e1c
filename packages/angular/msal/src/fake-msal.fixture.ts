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
import type { Provider } from '@angular/core';

export const alice = { homeAccountId: 'alice.contoso', username: 'alice@contoso.example' } as AccountInfo;
export const bob = { homeAccountId: 'bob.contoso', username: 'bob@contoso.example' } as AccountInfo;

/** MSAL as far as this package sees it. What real MSAL does with it is shown in the browser tests. */
export class FakeMsal {
  readonly silent: SilentRequest[] = [];
  readonly interactive: unknown[] = [];
  accounts: AccountInfo[] = [alice];
  active: AccountInfo | null = alice;
  /** The error that the next silent calls fail with. */
  failure: Error | null = null;
  readonly #callbacks = new Map<string, EventCallbackFunction>();
  #ids = 0;

  get listeners(): number {
    return this.#callbacks.size;
  }

  initialize(): Promise<void> {
    return Promise.resolve();
  }

  getActiveAccount(): AccountInfo | null {
    return this.active;
  }

  getAllAccounts(): AccountInfo[] {
    return this.accounts;
  }

  acquireTokenSilent(request: SilentRequest): Promise<{ accessToken: string }> {
    this.silent.push(request);
    if (this.failure !== null) return Promise.reject(this.failure);
    return Promise.resolve({
      accessToken: `${request.account?.username ?? ''}-${this.silent.length}`.replace('@', '.'),
    });
  }

  /** Who signs in in the window; `'closes'`: the user closes it. */
  popup: AccountInfo | 'closes' = alice;

  async acquireTokenPopup(request: unknown): Promise<{ account: AccountInfo }> {
    this.interactive.push(request);
    await Promise.resolve();
    if (this.popup === 'closes') throw new BrowserAuthError('user_cancelled', 'correlation');
    if (this.popup.homeAccountId === alice.homeAccountId) this.failure = null;
    this.emit(EventType.ACQUIRE_TOKEN_SUCCESS, InteractionType.Popup, { account: this.popup });
    return { account: this.popup };
  }

  addEventCallback(callback: EventCallbackFunction): string {
    const id = String((this.#ids += 1));
    this.#callbacks.set(id, callback);
    return id;
  }

  removeEventCallback(id: string): void {
    this.#callbacks.delete(id);
  }

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

  switchTo(account: AccountInfo): void {
    this.active = account;
    this.emit(EventType.ACTIVE_ACCOUNT_CHANGED, null, null);
  }

  get provider(): Provider {
    return { provide: MSAL_INSTANCE, useValue: this };
  }
}

export function interactionRequired(claims = '', message = ''): InteractionRequiredAuthError {
  return Object.assign(new InteractionRequiredAuthError('interaction_required', 'correlation', message), { claims });
}
