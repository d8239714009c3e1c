export { decodeData } from './decode.ts';
export type { Decode, RawEvent, SchemaResult, StandardSchema } from './decode.ts';
export { resolveOptions } from './options.ts';
export type { EventStreamOptions, StreamSettings } from './options.ts';
export type { PageLifecycle } from './page-lifecycle.ts';
export type { StreamRuntime } from './runtime.ts';
