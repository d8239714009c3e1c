import { describe, expect, it } from 'vitest';
import { createPacer } from './pacer.ts';

function setUp(limits: { maxStepsPerTurn?: number; maxBytesPerTurn?: number } = {}) {
  const turns: (() => void)[] = [];
  const done: number[] = [];
  const pacer = createPacer({
    schedule: (task) => turns.push(task),
    maxStepsPerTurn: 3,
    maxBytesPerTurn: 1_000,
    ...limits,
  });
  const add = (step: number, bytes = 0): void =>
    pacer.add(() => {
      done.push(step);
      return bytes;
    });
  const runTurn = (): number[] => {
    turns.shift()?.();
    return done.splice(0);
  };
  return { pacer, add, runTurn, turns };
}

describe('the pacer', () => {
  it('runs steps in order, a limited number per turn, and never in the turn that adds them', () => {
    const { add, runTurn, turns } = setUp();
    for (let step = 1; step <= 7; step += 1) add(step);
    expect(turns).toHaveLength(1);
    expect([runTurn(), runTurn(), runTurn()]).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
  });

  it('ends a turn once its steps have written the limit of bytes', () => {
    const { add, runTurn } = setUp({ maxStepsPerTurn: 100 });
    for (const step of [1, 2, 3, 4]) add(step, 500);
    add(5, 5_000);
    add(6);
    expect([runTurn(), runTurn(), runTurn(), runTurn()]).toEqual([[1, 2], [3, 4], [5], [6]]);
  });

  it('runs what a step adds after what was there before', () => {
    const { pacer, add, runTurn } = setUp({ maxStepsPerTurn: 2 });
    pacer.add(() => {
      add(3);
      return 0;
    });
    add(1);
    add(2);
    expect([runTurn(), runTurn()]).toEqual([[1], [2, 3]]);
  });

  it('schedules nothing when there is nothing left, and begins again', () => {
    const { add, runTurn, turns } = setUp();
    add(1);
    expect(runTurn()).toEqual([1]);
    expect(turns).toHaveLength(0);
    add(2);
    expect(turns).toHaveLength(1);
    expect(runTurn()).toEqual([2]);
  });
});
