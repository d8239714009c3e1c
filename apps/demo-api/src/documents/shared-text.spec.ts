import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createSharedText, maxDocumentBytes } from './shared-text.ts';
import { maxUpdateStructs } from './update-limits.ts';

/** What a page sends after a user has typed into its copy. */
function typed(text: string, at = 0, base?: Uint8Array): Uint8Array {
  const document = new Y.Doc();
  if (base !== undefined) Y.applyUpdate(document, base);
  const before = Y.encodeStateVector(document);
  document.getText('content').insert(at, text);
  return Y.encodeStateAsUpdate(document, before);
}

function textOf(state: Uint8Array): string {
  const document = new Y.Doc();
  Y.applyUpdate(document, state);
  // eslint-disable-next-line @typescript-eslint/no-base-to-string -- a Y.Text is its text
  return document.getText('content').toString();
}

describe('a shared text', () => {
  it('contains all updates, in any order and also if one arrives twice', () => {
    const shared = createSharedText();
    const [one, two] = [typed('one'), typed('two')];
    for (const update of [two, one, two]) shared.apply(update);
    expect(textOf(shared.state)).toHaveLength(6);
    expect(createSharedText(shared.state).state).toEqual(shared.state);
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['noise', Uint8Array.from({ length: 200 }, (_, index) => (index * 73) % 256)],
    ['half of an update', typed('a text that is cut off').subarray(0, 12)],
    ['a huge count of nothing', Uint8Array.of(255, 255, 255, 255, 127, 1, 1, 1)],
  ])('refuses %s, and is unchanged', (_, garbage) => {
    const shared = createSharedText(typed('kept'));
    expect(() => shared.apply(garbage)).toThrow(expect.objectContaining({ code: 'invalid-update' }));
    expect(textOf(shared.state)).toBe('kept');
    shared.apply(typed(' on', 4, shared.state));
    expect(textOf(shared.state)).toBe('kept on');
  });

  it('does not grow past its limit', () => {
    const shared = createSharedText(typed('kept'));
    expect(() => shared.apply(typed('x'.repeat(maxDocumentBytes)))).toThrow(
      expect.objectContaining({ code: 'document-too-large' }),
    );
    expect(textOf(shared.state)).toBe('kept');
  });

  /** The integers of lib0's variable-length encoding, of which an update consists. */
  const varUint = (value: number): number[] =>
    value < 128 ? [value] : [128 | (value & 127), ...varUint(Math.floor(value / 128))];
  const update = (...numbers: (number | readonly number[])[]): Uint8Array =>
    Uint8Array.from(numbers.flatMap((one) => (typeof one === 'number' ? varUint(one) : one)));
  /** One letter of a client at the beginning of the text, like the letters of all other such clients, so that they conflict. */
  const letterOf = (client: number): number[] => [
    ...[...varUint(1), ...varUint(client), 0],
    ...[4, 1, 7, ...Buffer.from('content'), 1, 0x61],
  ];
  const conflicting = (count: number, firstClient = 1): Uint8Array => {
    const clients = Array.from({ length: count }, (_, index) => firstClient + index);
    return update(count, clients.flatMap(letterOf), 0);
  };

  it('accepts conflicting insertions within the limit', () => {
    const shared = createSharedText();
    shared.apply(conflicting(100));
    expect(textOf(shared.state)).toBe('a'.repeat(100));
  });

  it.each([
    ['75,000 conflicting insertions', conflicting(75_000)],
    ['500,000 removed structs', update(1, 500_000, 1, 0, Array.from({ length: 500_000 }, () => [0, 1]).flat(), 0)],
    ['500,000 removed ranges', update(0, 1, 1, 500_000, Array.from({ length: 500_000 }, () => [0, 1]).flat())],
  ])('refuses %s without integrating them', (_, large) => {
    const shared = createSharedText(typed('kept'));
    const before = performance.now();
    expect(() => shared.apply(large)).toThrow(expect.objectContaining({ code: 'update-too-complex' }));
    // Decoding stops at the limit. Integrated, the first one takes seconds.
    expect(performance.now() - before).toBeLessThan(500);
    expect(textOf(shared.state)).toBe('kept');
  });

  it('refuses an update that would conflict with too much of the document', () => {
    const shared = createSharedText();
    // Clients in ascending order are the costly case: each new one is compared with all of those before it.
    let refused: unknown;
    let longestMs = 0;
    for (let round = 0; round < 40 && refused === undefined; round += 1) {
      const before = performance.now();
      try {
        shared.apply(conflicting(500, 1 + round * 500));
      } catch (error) {
        refused = error;
      }
      longestMs = Math.max(longestMs, performance.now() - before);
    }
    expect(refused).toMatchObject({ code: 'update-too-complex' });
    expect(longestMs).toBeLessThan(1_000);
    shared.apply(typed('a word', 0, shared.state));
  });

  it('refuses an update whose predecessor is missing: such updates would pile up and be integrated all at once', () => {
    const document = new Y.Doc();
    document.getText('content').insert(0, 'first');
    const first = Y.encodeStateAsUpdate(document);
    const vector = Y.encodeStateVector(document);
    document.getText('content').insert(5, ' second');
    const second = Y.encodeStateAsUpdate(document, vector);
    const shared = createSharedText();
    expect(() => shared.apply(second)).toThrow(expect.objectContaining({ code: 'missing-updates' }));
    shared.apply(first);
    shared.apply(second);
    expect(textOf(shared.state)).toBe('first second');
  });

  it(`accepts ${maxUpdateStructs} structs that do not conflict, as hours offline can make them`, () => {
    const document = new Y.Doc();
    const text = document.getText('content');
    for (let index = 0; index < maxUpdateStructs; index += 1) text.insert(0, 'x');
    const shared = createSharedText();
    shared.apply(Y.encodeStateAsUpdate(document));
    expect(textOf(shared.state)).toHaveLength(maxUpdateStructs);
  });
});
