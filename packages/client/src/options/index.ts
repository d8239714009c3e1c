export { parseLossless } from './decode.ts';
export type { Decode, Decoder, RawEvent, SchemaResult, StandardSchema } from './decode.ts';
export { isThenable } from './is-thenable.ts';
export { isSendableId, resolveOptions } from './options.ts';
export type { CompleteOn, EventStreamOptions, ReservedEvent, StreamSettings, StreamUrl } from './options.ts';
export type { PageLifecycle } from './page-lifecycle.ts';
export { defaultRuntime, maxTimerMs } from './runtime.ts';
export type { StreamRuntime } from './runtime.ts';
