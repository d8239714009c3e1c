export { createMultiplexer } from './multiplexer.ts';
export type { Multiplexer, MultiplexerOptions } from './multiplexer.ts';
