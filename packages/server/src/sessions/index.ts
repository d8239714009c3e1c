export { createSessionRegistry } from './session-registry.ts';
export type { DrainOptions, SessionCounts } from './session-registry.ts';
export { Session } from './session.ts';
export type { SessionCloseReason, SessionHost } from './session.ts';
