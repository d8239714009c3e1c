import { claimsChallenge, type Authorization, type Identity } from '@sillage/server';

/** The authentication context that stands for a second factor. `c1` is what the emulator knows; a tenant names its own. */
const secondFactor = 'c1';

/** Who must present a second factor before anything streams to them. */
export interface StepUp {
  demand(key: string): void;
  withdraw(key: string): void;
  isDemanded(key: string): boolean;
  /** For `authorize` of every stream: allowed, or challenged. */
  check(identity: Identity): Authorization;
}

export function createStepUp(): StepUp {
  const demanded = new Set<string>();
  return {
    demand: (key) => void demanded.add(key),
    withdraw: (key) => void demanded.delete(key),
    isDemanded: (key) => demanded.has(key),
    check(identity) {
      if (!demanded.has(identity.key)) return 'allow';
      const { acrs } = identity.claims;
      return Array.isArray(acrs) && acrs.includes(secondFactor) ? 'allow' : claimsChallenge({ acrs: secondFactor });
    },
  };
}
