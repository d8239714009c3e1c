/** Demands a token with more claims (PROTOCOL 7.4). */
export interface ClaimsChallenge {
  readonly kind: 'claims-challenge';
  /** The claims request (OpenID Connect Core 5.5) that the client passes to Entra. */
  readonly claims: { readonly access_token: Readonly<Record<string, unknown>> };
}

export interface ClaimsChallengeOptions {
  /** An authentication context of Conditional Access, `c1` to `c99`. */
  readonly acrs?: string;
  /** Refuses tokens that were issued earlier (before a password was changed, say): milliseconds since the Unix epoch. */
  readonly issuedAfterMs?: number;
}

/**
 * Creates a demand for a token that meets a policy. Return it from `authorize`.
 *
 * @example authorize: ({ identity }) => (hasContext(identity, 'c1') ? 'allow' : claimsChallenge({ acrs: 'c1' }))
 */
export function claimsChallenge({ acrs, issuedAfterMs }: ClaimsChallengeOptions): ClaimsChallenge {
  const wanted: Record<string, unknown> = {};
  if (acrs !== undefined) wanted.acrs = { essential: true, value: acrs };
  if (issuedAfterMs !== undefined) {
    wanted.nbf = { essential: true, value: String(Math.floor(issuedAfterMs / 1000)) };
  }
  return { kind: 'claims-challenge', claims: { access_token: wanted } };
}
