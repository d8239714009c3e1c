import { describe, expect, it } from 'vitest';
import { isThenable } from './is-thenable.ts';

describe('recognizing a promise', () => {
  it.each([
    ['a promise', true, Promise.resolve()],
    ['an object with a method then', true, { then: () => undefined }],
    ['an object with a member then that is not a function', false, { then: 'later' }],
    ['an object', false, {}],
    ['an array', false, []],
    ['null', false, null],
    ['undefined', false, undefined],
    ['a string', false, 'then'],
    ['a number', false, 1],
    ['a function', false, () => undefined],
  ])('%s: %s', (_, expected, value) => {
    expect(isThenable(value)).toBe(expected);
  });
});
