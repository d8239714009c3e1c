import type { ClaimsRequest } from './claims-request.ts';

/** Authentication contexts that were satisfied, each with the place in the order of events at which it was. */
export type HeldAcrs = Readonly<Record<string, number>>;

/** One of these authentication contexts, satisfied at or after this place in the order. */
interface Demand {
  readonly anyOf: readonly string[];
  readonly since: number;
}

/**
 * Revocations and challenges of users. A counter orders them, not a clock, so that a
 * revocation and a sign-in within one millisecond, or under a clock that stands still, have an order.
 */
export interface UserPolicies {
  /** The next place in the order of sign-ins, step-ups, revocations and challenges. */
  nextPlace(): number;
  /** Blocks the user, and ends every session and refresh token that the user has. */
  revoke(oid: string, now: number): void;
  /** Lets the user sign in again. What was ended stays ended. */
  restore(oid: string): void;
  isBlocked(oid: string): boolean;
  /** When what the user had was ended, or `undefined` where what was obtained at this place still holds. */
  endedAt(oid: string, place: number): number | undefined;
  /** Requires an authentication context of the user from now on, even if the user has satisfied it before. */
  challenge(oid: string, acrs: string): void;
  /** Withdraws every challenge of the user. */
  withdraw(oid: string): void;
  challenges(oid: string): readonly string[];
  /** The demands of the request and of the user's challenges that are not met, each as its alternatives. */
  unmet(oid: string, request: ClaimsRequest, held: HeldAcrs): readonly (readonly string[])[];
  reset(): void;
}

export function createUserPolicies(): UserPolicies {
  let place = 0;
  // All three are bounded by the number of users in the directory.
  const blocked = new Set<string>();
  const ended = new Map<string, { place: number; at: number }>();
  const challenges = new Map<string, Map<string, number>>();

  return {
    nextPlace: () => ++place,
    revoke(oid, now) {
      blocked.add(oid);
      ended.set(oid, { place: ++place, at: now });
    },
    restore(oid) {
      blocked.delete(oid);
    },
    isBlocked: (oid) => blocked.has(oid),
    endedAt(oid, at) {
      const end = ended.get(oid);
      return end !== undefined && at < end.place ? end.at : undefined;
    },
    challenge(oid, acrs) {
      const own = challenges.get(oid) ?? new Map<string, number>();
      challenges.set(oid, own.set(acrs, ++place));
    },
    withdraw(oid) {
      challenges.delete(oid);
    },
    challenges: (oid) => [...(challenges.get(oid)?.keys() ?? [])],
    unmet(oid, { acrs }, held) {
      const demands: Demand[] = [...(challenges.get(oid) ?? [])].map(([value, since]) => ({ anyOf: [value], since }));
      if (acrs.length > 0) demands.unshift({ anyOf: acrs, since: 0 });
      const meets = ({ anyOf, since }: Demand) => anyOf.some((value) => (held[value] ?? -1) >= since);
      return demands.filter((demand) => !meets(demand)).map(({ anyOf }) => anyOf);
    },
    reset() {
      blocked.clear();
      ended.clear();
      challenges.clear();
    },
  };
}
