import { effect, inject, Injectable } from '@angular/core';
import { Account } from '@app/sign-in';

const prefix = 'unsent-document:';

/**
 * What was written in a document and has not arrived at the API. It survives leaving the page and a reload of the tab, and ends with the sign-in or the
 * tab, whose closing the page warns about.
 */
@Injectable({ providedIn: 'root' })
export class UnsentUpdates {
  readonly #account = inject(Account);

  constructor() {
    effect(() => {
      if (this.#account.current() === null) this.#forget();
    });
  }

  keep(documentId: string, unsent: string | null): void {
    try {
      if (unsent === null) sessionStorage.removeItem(prefix + documentId);
      else if (this.isWanted()) sessionStorage.setItem(prefix + documentId, unsent);
    } catch {
      // The storage is full or not allowed: what is unsent is in memory all the same.
    }
  }

  /** What an earlier page of this tab could not send; `null` where it left nothing. */
  read(documentId: string): string | null {
    return sessionStorage.getItem(prefix + documentId);
  }

  /** Whether the user who wrote it is still signed in. */
  isWanted(): boolean {
    return this.#account.current() !== null;
  }

  #forget(): void {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(prefix)) sessionStorage.removeItem(key);
  }
}
