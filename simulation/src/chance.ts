/** Seeded chance: the same seed gives the same history. */
export interface Chance {
  /** At least 0 and less than 1. */
  next(): number;
  /** A whole number from `low` to `high`. */
  between(low: number, high: number): number;
  /** Whether something of this probability happens. */
  happens(probability: number): boolean;
  pick<T>(choices: readonly T[]): T;
}

/** Creates the chance of one seed: xorshift32 (Marsaglia, "Xorshift RNGs", 2003). */
export function createChance(seed: number): Chance {
  // The state must not be zero, and near seeds must not begin alike.
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 8; round += 1) next();
  return {
    next,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    happens: (probability) => next() < probability,
    pick: (choices) => choices[Math.floor(next() * choices.length)] as (typeof choices)[number],
  };
}
