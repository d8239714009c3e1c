export { parseChallenges, tokenDemand } from './challenge.ts';
export type { Challenge, TokenDemand } from './challenge.ts';
export { parseRetryAfter } from './retry-after.ts';
