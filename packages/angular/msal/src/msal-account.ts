import { EventType, type AccountInfo, type EventMessage, type IPublicClientApplication } from '@azure/msal-browser';
import { SignedOutError, type SseError } from '@sillage/client';
import { Observable } from 'rxjs';

/** The account that calls are made as: the active one, else the only one that is signed in; `null` where there is none, or no telling which. */
export function currentAccount(instance: IPublicClientApplication): AccountInfo | null {
  const active = instance.getActiveAccount();
  if (active !== null) return active;
  const [only, another] = instance.getAllAccounts();
  return only !== undefined && another === undefined ? only : null;
}

/**
 * Emits when the account that `pinned` names is no longer the one to act as: it signed out, or another became active.
 *
 * @param pinned the account of the stream; `null` while it has none.
 */
export function accountEnded(
  instance: IPublicClientApplication,
  pinned: () => { readonly account: AccountInfo; readonly chosen: 'by-the-caller' | 'by-msal' } | null,
): Observable<SseError> {
  return new Observable((subscriber) => {
    const callbackId = instance.addEventCallback((message) => {
      const pin = pinned();
      if (pin === null) return;
      if (isSignOut(message, pin.account)) subscriber.next(new SignedOutError());
      if (message.eventType !== EventType.ACTIVE_ACCOUNT_CHANGED || pin.chosen === 'by-the-caller') return;
      // Compared by homeAccountId: with localStorage another tab's sign-in replaces the account's object (but not its identity).
      const active = instance.getActiveAccount();
      if (active !== null && active.homeAccountId !== pin.account.homeAccountId) {
        subscriber.next(new SignedOutError('The stream ended because another account became the active one.'));
      }
    });
    return () => {
      if (callbackId !== null) instance.removeEventCallback(callbackId);
    };
  });
}

function isSignOut(message: EventMessage, account: AccountInfo): boolean {
  if (message.eventType !== EventType.LOGOUT_START && message.eventType !== EventType.LOGOUT_SUCCESS) return false;
  const { payload } = message;
  const leaving = payload !== null && 'account' in payload ? payload.account : null;
  return leaving == null || leaving.homeAccountId === account.homeAccountId;
}
