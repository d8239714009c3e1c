import { describe, expect, it } from 'vitest';
import { formatEventId, isEpoch, parseEventId } from './event-id.ts';

describe('an event ID (PROTOCOL 4.2)', () => {
  it('is the epoch and the sequence', () => {
    expect(formatEventId({ epoch: 'e1', sequence: 42 })).toBe('e1-42');
    expect(parseEventId('e1-42')).toEqual({ epoch: 'e1', sequence: 42 });
    expect(parseEventId('e1-0')).toEqual({ epoch: 'e1', sequence: 0 });
  });

  it.each([
    '',
    'e1',
    'e1-',
    '-1',
    'E1-1',
    'e1-01',
    'e1--1',
    'e1-1.5',
    'e1-9007199254740993',
    'e1-1 ',
    'é-1',
    `${'a'.repeat(33)}-1`,
    'e1-1\n',
  ])('is not %j', (text) => {
    expect(parseEventId(text)).toBeUndefined();
  });

  it('has an epoch of 1 to 32 of 0-9 and a-z', () => {
    expect(isEpoch('a'.repeat(32))).toBe(true);
    expect([isEpoch(''), isEpoch('A'), isEpoch('a-b'), isEpoch('a'.repeat(33))]).toEqual([false, false, false, false]);
  });
});
