import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createSharedText, maxDocumentBytes } from './shared-text.ts';

/** What a page does: types into its own copy, and sends what came of it. */
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
  it('has what everybody wrote, in whatever order and however often it came', () => {
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
  ])('refuses %s, and is as it was', (_, garbage) => {
    const shared = createSharedText(typed('kept'));
    expect(() => shared.apply(garbage)).toThrow(expect.objectContaining({ code: 'invalid-update' }));
    expect(textOf(shared.state)).toBe('kept');
    shared.apply(typed(' on', 4, shared.state));
    expect(textOf(shared.state)).toBe('kept on');
  });

  it('does not grow past its bound', () => {
    const shared = createSharedText(typed('kept'));
    expect(() => shared.apply(typed('x'.repeat(maxDocumentBytes)))).toThrow(
      expect.objectContaining({ code: 'document-too-large' }),
    );
    expect(textOf(shared.state)).toBe('kept');
  });
});
