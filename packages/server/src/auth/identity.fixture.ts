import type { Identity } from './identity.ts';

export function createIdentity(changes: Partial<Identity> = {}): Identity {
  return {
    key: 't.o',
    tenantId: 't',
    objectId: 'o',
    kind: 'user',
    scopes: ['Events.Read'],
    roles: [],
    expiresAtMs: 4_000_000_000_000,
    supportsClaimsChallenge: true,
    claims: {},
    ...changes,
  };
}
