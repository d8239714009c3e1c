export { createControlApi } from './control-api.ts';
export { ControlError, isControlError } from './control-error.ts';
export { lifetimeRule, createControls, isLifetime } from './controls.ts';
export type { EmulatorControls, UserState } from './controls.ts';
export type { MintAlgorithm, MintKey, MintRequest } from './mint.ts';
