export { createTokenSource } from './access-token.ts';
export type { AccessTokenFunction, AccessTokenRequest, TokenSource } from './access-token.ts';
export { decideReconnect, defaultReconnectPolicy } from './reconnect-policy.ts';
export type {
  Decision,
  Outcome,
  ReconnectHints,
  ReconnectHistory,
  ReconnectPolicy,
  RequestKind,
} from './reconnect-policy.ts';
