import { defineConfig } from 'vitest/config';
import { SlowestFirst } from './src/slowest-first.ts';

export default defineConfig({
  test: {
    name: 'e2e',
    include: ['src/**/*.spec.ts'],
    sequence: { sequencer: SlowestFirst },
    // Each worker runs a browser and three servers: more workers than cores would only make each slower.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000, interval: 50 } },
  },
});
