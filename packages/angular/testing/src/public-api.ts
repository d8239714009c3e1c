export { provideSseTesting } from './provide-sse-testing';
export { SseTestingController } from './sse-testing-controller';
export type { SseMatch } from './sse-testing-controller';
export type { SseTestEvent, SseTestRefusal, SseTestStream } from './sse-test-stream';
