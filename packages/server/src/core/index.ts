export { checkBounds } from './bounds.ts';
export { maxTimerMs, systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
export {
  ClosedError,
  ConfigurationError,
  EventRefusedError,
  isErrorNamed,
  SillageServerError,
  StreamFailure,
} from './errors.ts';
export type { EventRefusedCode } from './errors.ts';
export { callHook, createReporter } from './hook.ts';
export { LazyAbort } from './lazy-abort.ts';
export { createPacer } from './pacer.ts';
export type { Pacer } from './pacer.ts';
export { scheduleTask } from './schedule.ts';
export { sha256 } from './sha256.ts';
export { within } from './within.ts';
