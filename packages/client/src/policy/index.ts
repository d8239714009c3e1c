export { createTokenSource, isBearerToken } from './access-token.ts';
export type { AccessTokenFunction, AccessTokenRequest, Refusal, TokenSource } from './access-token.ts';
export { decideReconnect, defaultReconnectPolicy, mayRepeat } from './reconnect-policy.ts';
export type {
  Decision,
  Outcome,
  ReconnectHints,
  ReconnectHistory,
  ReconnectPolicy,
  RequestKind,
} from './reconnect-policy.ts';
