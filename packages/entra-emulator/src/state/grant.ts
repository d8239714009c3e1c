import type { HeldAcrs } from './user-policies.ts';

/** What a user allowed a client: it travels from the authorization code to every refresh token after it. */
export interface Grant {
  readonly oid: string;
  readonly clientId: string;
  readonly sid: string;
  readonly acrs: HeldAcrs;
  /** The place of the sign-in in the order of events (see `UserPolicies`). */
  readonly place: number;
  readonly signedInAt: number;
  /** The `scope` parameter of the authorize request: what a refresh that names no scope gets again. */
  readonly scope: string;
}
