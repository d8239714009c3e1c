/** The user or application that a valid token was issued for. */
export interface Identity {
  /**
   * What to key data and rights on. From {@link createEntraVerifier}: `<tid>.<oid>`, which never changes and is never given to
   * another user.
   */
  readonly key: string;
  readonly tenantId: string;
  readonly objectId: string;
  /** A user through an app, or an app on its own behalf. */
  readonly kind: 'user' | 'application';
  /** Delegated permissions, from `scp`. Empty for an application. */
  readonly scopes: readonly string[];
  /** App roles, from `roles`: a user's or an application's. */
  readonly roles: readonly string[];
  /** For display. Never authorise on it: its owner can change it. */
  readonly name?: string;
  /** For display. Never authorise on it: it can be given to another user. */
  readonly username?: string;
  /** The token's `exp`, in milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
  /**
   * When a session opened with this token ends (PROTOCOL 6.1), in milliseconds since the Unix epoch.
   * @default expiresAtMs
   */
  readonly sessionDeadlineMs?: number;
  /** Whether the client said that it can answer a claims challenge: `cp1` in `xms_cc` (PROTOCOL 7.4). */
  readonly supportsClaimsChallenge: boolean;
  /** The token's claims, as they were signed. {@link createEntraVerifier} parses them at each access, so that sessions do not hold them. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Checks tokens. Implement it for tokens of another issuer than Entra. */
export interface TokenVerifier {
  /**
   * Checks a token and returns its identity.
   *
   * @throws TokenRefusedError whose code decides the response: 503 for `keys-unavailable`, 403 for `no-permissions`, 401 otherwise.
   *   Anything else that it throws is answered by 500.
   */
  verify(token: string): Promise<Identity>;
  /** Where users sign in: `authorization_uri` of a claims challenge. */
  readonly authorizationUri?: string;
}

/** When everything that was bought with the token ends, by the time of day. */
export function tokenEndMs({ sessionDeadlineMs, expiresAtMs }: Identity): number {
  return sessionDeadlineMs ?? expiresAtMs;
}
