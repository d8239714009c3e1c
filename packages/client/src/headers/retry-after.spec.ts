import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from './retry-after.ts';

const date = 'Thu, 26 Nov 2026 12:00:00 GMT';
const later = 'Thu, 26 Nov 2026 12:00:30 GMT';

describe('reading Retry-After', () => {
  it.each([
    ['5', 5_000],
    [' 5\t', 5_000],
    ['0', 0],
    [null, undefined],
    ['', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['5 s', undefined],
    ['in 5', undefined],
    ['soon', undefined],
    ['26 Nov 2026 12:00:30 GMT (Thu)', undefined],
    [later, 30_000],
    [` ${later} `, 30_000],
    ['Thu, 26 Nov 2026 11:00:00 GMT', 0],
  ])('reads %j as %s ms', (header, ms) => {
    expect(parseRetryAfter(header, date, 0)).toBe(ms);
  });

  it.each([null, 'soon', '2026'])('compares a date with the clock of the client if the header Date is %j', (sent) => {
    expect(parseRetryAfter(later, sent, Date.parse(later) - 7_000)).toBe(7_000);
  });
});
