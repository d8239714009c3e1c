export { createSessionRegistry } from './session-registry.ts';
export type { SessionCounts } from './session-registry.ts';
export { createSession } from './session.ts';
export type { Session, SessionCloseReason } from './session.ts';
