import { describe, expect, it } from 'vitest';
import { checkBounds } from './bounds.ts';

describe('checkBounds', () => {
  it('accepts whole numbers of at least 1', () => {
    expect(() => checkBounds({ maxEvents: 1, maxBytes: Number.MAX_SAFE_INTEGER })).not.toThrow();
  });

  it.each([0, -1, 1.5, NaN, Infinity, 2 ** 53, '5' as unknown as number, undefined as unknown as number])(
    'refuses %s and names the option and the value',
    (value) => {
      expect(() => checkBounds({ maxEvents: 1, maxBytes: value })).toThrow(
        expect.objectContaining({
          code: 'invalid-configuration',
          message: `maxBytes is ${String(value)}. Pass a whole number of at least 1.`,
        }) as Error,
      );
    },
  );
});
