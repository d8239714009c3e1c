import { MSAL_INSTANCE } from '@azure/msal-angular';
import type { AccountInfo } from '@azure/msal-browser';
import type { Provider } from '@angular/core';
import { FakeMsal as BaseFakeMsal } from '../testing/src/fake-msal';

export { interactionRequired } from '../testing/src/fake-msal';
export const alice = { homeAccountId: 'alice.contoso', username: 'alice@contoso.example' } as AccountInfo;
export const bob = { homeAccountId: 'bob.contoso', username: 'bob@contoso.example' } as AccountInfo;

/** Alice is signed in, and demanded claims are granted silently. What real MSAL does is shown in the browser tests. */
export class FakeMsal extends BaseFakeMsal {
  constructor() {
    super({ accounts: [alice], claims: 'silently' });
  }

  switchTo(account: AccountInfo): void {
    this.setActiveAccount(account);
  }

  get provider(): Provider {
    return { provide: MSAL_INSTANCE, useValue: this };
  }
}
