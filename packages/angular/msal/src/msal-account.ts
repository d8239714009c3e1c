import { inject, Injectable, NgZone } from '@angular/core';
import { MSAL_INSTANCE } from '@azure/msal-angular';
import { EventType, type AccountInfo, type EventMessage, type IPublicClientApplication } from '@azure/msal-browser';
import { SignedOutError, type SseError } from '@sillage/client';
import { Observable, Subject } from 'rxjs';

/** The account that calls are made as: the active one, else the only one that is signed in; `null` where there is none, or no telling which. */
export function currentAccount(instance: IPublicClientApplication): AccountInfo | null {
  const active = instance.getActiveAccount();
  if (active !== null) return active;
  const [only, another] = instance.getAllAccounts();
  return only !== undefined && another === undefined ? only : null;
}

/** Whether MSAL's cache still has the account. */
export function isSignedIn(instance: IPublicClientApplication, account: AccountInfo): boolean {
  return instance.getAllAccounts().some(({ homeAccountId }) => homeAccountId === account.homeAccountId);
}

/** The account of a stream; `null` while it has none. */
export type PinnedAccount = { readonly account: AccountInfo; readonly chosen: 'by-the-caller' | 'by-msal' } | null;

/** How often the cache is looked at: `clearCache()` raises no event. */
const checkMs = 2_000;

/** Notices that an account is gone, for all streams. */
@Injectable({ providedIn: 'root' })
export class MsalAccounts {
  readonly #instance = inject(MSAL_INSTANCE);
  readonly #zone = inject(NgZone);
  readonly #checks = new Subject<void>();
  #watched = 0;
  #interval: ReturnType<typeof setInterval> | undefined;

  /** Emits when the account that `pinned` returns signs out, in this tab or another, or when another account becomes active. */
  ended(pinned: () => PinnedAccount): Observable<SseError> {
    return new Observable((subscriber) => {
      const callbackId = this.#instance.addEventCallback((message) => {
        const pin = pinned();
        if (pin === null) return;
        if (isSignOut(message, pin.account)) subscriber.next(new SignedOutError());
        if (message.eventType !== EventType.ACTIVE_ACCOUNT_CHANGED || pin.chosen === 'by-the-caller') return;
        // Compared by homeAccountId: with localStorage another tab's sign-in replaces the account's object (but not its identity).
        const active = this.#instance.getActiveAccount();
        if (active !== null && active.homeAccountId !== pin.account.homeAccountId) {
          subscriber.next(new SignedOutError('The stream ended because another account became the active one.'));
        }
      });
      const checking = this.#checks.subscribe(() => {
        const pin = pinned();
        if (pin !== null && !isSignedIn(this.#instance, pin.account)) subscriber.next(new SignedOutError());
      });
      this.#watch(1);
      return () => {
        checking.unsubscribe();
        this.#watch(-1);
        if (callbackId !== null) this.#instance.removeEventCallback(callbackId);
      };
    });
  }

  #watch(change: 1 | -1): void {
    this.#watched += change;
    if (this.#watched === 0) {
      clearInterval(this.#interval);
      this.#interval = undefined;
    } else {
      // Outside the zone: the application is stable although this goes on.
      this.#interval ??= this.#zone.runOutsideAngular(() => setInterval(() => this.#checks.next(), checkMs));
    }
  }
}

function isSignOut(message: EventMessage, account: AccountInfo): boolean {
  if (message.eventType !== EventType.LOGOUT_START && message.eventType !== EventType.LOGOUT_SUCCESS) return false;
  const { payload } = message;
  const leaving = payload !== null && 'account' in payload ? payload.account : null;
  return leaving == null || leaving.homeAccountId === account.homeAccountId;
}
