export { createEventStream } from './event-stream.ts';
export type { EventStream, StreamObserver } from './event-stream.ts';
