export { describeFailure } from './describe-failure.ts';
export { startImport } from './start-import.ts';
export type { RunningImport } from './start-import.ts';
