export { createPresence } from './presence.ts';
export type { Presence, PresenceChange, PresenceOptions } from './presence.ts';
