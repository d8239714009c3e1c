import { guidFrom } from '../guid.ts';
import type { HeldAcrs } from './user-policies.ts';

/** Browsers that are remembered. Past this bound the one that was used longest ago is signed out. */
const maxSessions = 1_000;

/** One user, signed in to one browser. */
export interface SignedInAccount {
  readonly oid: string;
  /** The `sid` claim. */
  readonly sid: string;
  readonly acrs: HeldAcrs;
  /** The place of the sign-in in the order of events (see `UserPolicies`). */
  readonly place: number;
  readonly signedInAt: number;
}

/** One browser: what its cookie stands for. It may have several users signed in, as at Entra. */
export interface Session {
  readonly id: string;
  accounts(): readonly SignedInAccount[];
  /** Signs the user in, or in again. Step-ups that were done before stay. */
  signIn(oid: string, place: number, now: number): SignedInAccount;
  /** Records authentication contexts as satisfied. The user must be signed in. */
  stepUp(oid: string, acrs: readonly string[], place: number): SignedInAccount;
  signOut(oid: string): void;
}

export interface Sessions {
  find(id: string | undefined): Session | undefined;
  create(): Session;
  remove(id: string): void;
  reset(): void;
}

export function createSessions(randomBytes: (count: number) => Uint8Array): Sessions {
  const sessions = new Map<string, Session>();

  return {
    find(id) {
      const session = id === undefined ? undefined : sessions.get(id);
      if (session === undefined) return undefined;
      // A Map iterates in the order of insertion: put in again, the session is the last to be evicted.
      sessions.delete(session.id);
      sessions.set(session.id, session);
      return session;
    },
    create() {
      const session = createSession(Buffer.from(randomBytes(32)).toString('base64url'), randomBytes);
      sessions.set(session.id, session);
      const [oldest] = sessions.keys();
      if (sessions.size > maxSessions && oldest !== undefined) sessions.delete(oldest);
      return session;
    },
    remove(id) {
      sessions.delete(id);
    },
    reset() {
      sessions.clear();
    },
  };
}

function createSession(id: string, randomBytes: (count: number) => Uint8Array): Session {
  // Bounded by the number of users in the directory.
  const accounts = new Map<string, SignedInAccount>();
  return {
    id,
    accounts: () => [...accounts.values()],
    signIn(oid, place, now) {
      const before = accounts.get(oid);
      const sid = before?.sid ?? guidFrom(randomBytes(16));
      const account = { oid, sid, acrs: before?.acrs ?? {}, place, signedInAt: now };
      accounts.set(oid, account);
      return account;
    },
    stepUp(oid, acrs, place) {
      const before = accounts.get(oid);
      if (before === undefined) throw new Error('A step-up needs a user who is signed in.');
      const account = { ...before, acrs: { ...before.acrs, ...Object.fromEntries(acrs.map((one) => [one, place])) } };
      accounts.set(oid, account);
      return account;
    },
    signOut(oid) {
      accounts.delete(oid);
    },
  };
}
