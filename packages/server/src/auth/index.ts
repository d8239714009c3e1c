export { writeBearerChallenge } from './challenge-header.ts';
export { claimsChallenge } from './claims-challenge.ts';
export type { ClaimsChallenge, ClaimsChallengeOptions } from './claims-challenge.ts';
export { createEntraVerifier } from './entra-verifier.ts';
export type { EntraVerifierOptions } from './entra-verifier.ts';
export type { Identity, TokenVerifier } from './identity.ts';
export { isTokenRefusedError, TokenRefusedError } from './token-refused-error.ts';
export type { TokenRefusedCode, TokenRefusedOptions } from './token-refused-error.ts';
