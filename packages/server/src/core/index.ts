export { checkBounds } from './bounds.ts';
export { MAX_TIMER_MS, systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
export { ClosedError, ConfigurationError, EventRefusedError, SillageServerError, StreamFailure } from './errors.ts';
export type { EventRefusedCode } from './errors.ts';
export { callHook, createReporter } from './hook.ts';
export { LazyAbort } from './lazy-abort.ts';
