export { createMultiplexer } from './multiplexer.ts';
export type { Multiplexer, MultiplexerOptions } from './multiplexer.ts';
export { serveTabs } from './serve-tabs.ts';
export type { SharedWorkerScope } from './serve-tabs.ts';
export type { TabChannel, TabEnvironment } from './tab-environment.ts';
export { createTabSharing } from './tab-sharing.ts';
export type { TabRole, TabSharing, TabSharingOptions } from './tab-sharing.ts';
