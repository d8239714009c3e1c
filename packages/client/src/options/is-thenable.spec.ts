import { describe, expect, it } from 'vitest';
import { isThenable } from './is-thenable.ts';

describe('recognizing a promise', () => {
  it.each([
    ['a promise', Promise.resolve(), true],
    ['an object with a method then', { then: () => undefined }, true],
    ['an object with a member then that is not a function', { then: 'later' }, false],
    ['an object', {}, false],
    ['an array', [], false],
    ['null', null, false],
    ['undefined', undefined, false],
    ['a string', 'then', false],
    ['a number', 1, false],
    ['a function', () => undefined, false],
  ])('%s: %s', (_, value, expected) => {
    expect(isThenable(value)).toBe(expected);
  });
});
