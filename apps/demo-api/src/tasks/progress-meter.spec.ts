import { describe, expect, it } from 'vitest';
import { createProgressMeter } from './progress-meter.ts';

describe('a progress meter', () => {
  it('tells nothing of rates before it can', () => {
    const meter = createProgressMeter({ atMs: 1_000, bytes: 0, rows: 0 }, 100);
    meter.add(1_010, { bytes: 50, rows: 5 });
    expect(meter.read()).toEqual({ percentage: 50, rows: 5, rowsPerSecond: 0, secondsLeft: null });
  });

  it('tells the rate of the last seconds, and what is left at that', () => {
    const meter = createProgressMeter({ atMs: 0, bytes: 0, rows: 0 }, 10_000);
    // Slow for ten seconds, then fast for five.
    for (let second = 1; second <= 10; second += 1) meter.add(second * 1_000, { bytes: second * 10, rows: second });
    for (let second = 1; second <= 5; second += 1)
      meter.add(10_000 + second * 1_000, { bytes: 100 + second * 1_000, rows: 10 + second * 100 });
    expect(meter.read()).toEqual({ percentage: 51, rows: 510, rowsPerSecond: 100, secondsLeft: 5 });
  });

  it('does not count what was there when it began', () => {
    const meter = createProgressMeter({ atMs: 0, bytes: 5_000, rows: 500 }, 10_000);
    meter.add(1_000, { bytes: 6_000, rows: 600 });
    expect(meter.read()).toEqual({ percentage: 60, rows: 600, rowsPerSecond: 100, secondsLeft: 4 });
  });

  it('stays below 100 % until the end, and estimates no remaining time if the size is unknown', () => {
    const full = createProgressMeter({ atMs: 0, bytes: 0, rows: 0 }, 100);
    full.add(1_000, { bytes: 100, rows: 1 });
    expect(full.read()).toMatchObject({ percentage: 99, secondsLeft: 0 });
    const unknown = createProgressMeter({ atMs: 0, bytes: 0, rows: 0 }, null);
    unknown.add(1_000, { bytes: 100, rows: 1 });
    expect(unknown.read()).toMatchObject({ percentage: 0, secondsLeft: null });
  });
});
