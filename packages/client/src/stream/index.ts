export { createEventStream } from './event-stream.ts';
export type { EventStream } from './event-stream.ts';
export type { EventIteratorOptions } from './event-iterator.ts';
export type { StreamObserver } from './observer.ts';
