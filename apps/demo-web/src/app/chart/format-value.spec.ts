import { createValueFormat } from './format-value';

describe('a value', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [7, '7 bytes'],
    [999, '999 bytes'],
    [1_000, '1 kB'],
    [43_700_000, '43.7 MB'],
    [22_500_000_000, '22.5 GB'],
    [5e15, '5,000 TB'],
  ])('of %d bytes is %s', (value, text) => {
    expect(createValueFormat('en', 'bytes')(value)).toBe(text);
  });

  it('is written as the locale does', () => {
    expect(createValueFormat('fr', 'change')(0.5).replace(/\s/g, ' ')).toBe('+0,50 %');
  });
});
