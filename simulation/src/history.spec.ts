import { describe, expect, it } from 'vitest';
import { runHistory } from './history.ts';

/** Seeds that found a fault once, and what it was. */
const regressions = [
  [7, 'a request to move was written into the middle of an event of a multiplexed connection'],
  [29, 'a rotation that began before the last one was over delivered an event twice'],
  [157, 'a timer of the silence limit started again and again without a wait'],
  [10_151, 'requests that waited for others to move outlived their tokens'],
  [769, 'a position of a successor that was behind moved the stream back'],
] as const;

describe('simulated histories', () => {
  it.each(regressions)('of the seed %i have no fault: %s', async (seed) => {
    expect((await runHistory(seed)).faults).toEqual([]);
  });

  it('of 300 seeds lose, repeat and reorder nothing, leave nothing, and end with every stream live', async () => {
    const faults: string[] = [];
    for (let seed = 10_000; seed < 10_300; seed += 1) {
      for (const fault of (await runHistory(seed)).faults) faults.push(`seed ${seed}: ${fault}`);
    }
    expect(faults).toEqual([]);
  });
});
