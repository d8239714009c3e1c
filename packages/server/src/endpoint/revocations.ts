import type { Identity } from '../auth/index.ts';
import type { Signals } from '../hub/index.ts';

export interface RevocationsOptions {
  readonly signals: Signals;
  /** Ends the sessions, requests in progress and tickets of the identities that the predicate picks. Returns how many sessions. */
  readonly revokeHere: (isMeant: (identity: Identity) => boolean) => number;
}

export interface Revocations {
  revoke(who: string | ((identity: Identity) => boolean)): Promise<number>;
  stop(): void;
}

const kind = 'revoke';

/** Revokes users on every node of a hub. */
export function createRevocations({ signals, revokeHere }: RevocationsOptions): Revocations {
  // Tells its own signals from those of other nodes, and of other endpoints of this one.
  const self: string = crypto.randomUUID();
  const stop = signals.listen(kind, {
    onSignal(data) {
      const { from, user } = data as { from: string; user: string };
      if (from !== self) revokeHere(({ key }) => key === user);
    },
    // Somebody's access may have been revoked, and nobody knows whose: everybody is authorised again.
    onMissed: () => void revokeHere(() => true),
  });
  return {
    async revoke(who) {
      if (typeof who !== 'string') return revokeHere(who);
      const count = revokeHere(({ key }) => key === who);
      await signals.send(kind, { from: self, user: who });
      return count;
    },
    stop,
  };
}
