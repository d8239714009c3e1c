import { claimsChallenge, type Authorization, type Identity } from '@sillage/server';
import type { StateStore } from '../store/state-store.ts';

/** The authentication context of a second factor. The emulator knows `c1`; a tenant defines its own. */
const secondFactor = 'c1';

/** The users who must present a second factor before they can open a stream. */
export interface StepUp {
  demand(key: string): void;
  withdraw(key: string): void;
  isDemanded(key: string): boolean;
  /** Allows a stream, or challenges the client. */
  check(identity: Identity): Authorization;
}

export function createStepUp(state: StateStore): StepUp {
  const demanded = state.table<true>('step-up', { perOwner: 1, past: 'refuse' });
  const isDemanded = (key: string): boolean => demanded.get(key) === true;
  return {
    demand: (key) => demanded.set(key, true, key),
    withdraw: (key) => demanded.delete(key),
    isDemanded,
    check(identity) {
      if (!isDemanded(identity.key)) return 'allow';
      const { acrs } = identity.claims;
      return Array.isArray(acrs) && acrs.includes(secondFactor) ? 'allow' : claimsChallenge({ acrs: secondFactor });
    },
  };
}
