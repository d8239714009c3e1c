import { describe, expect, it } from 'vitest';
import { blocksOf, documents, read } from './documents.ts';

describe('a block that quotes an example stands in it, word for word', () => {
  const examples: Readonly<Record<string, string>> = {
    js: 'examples/express-minimal/server.mjs',
    python: 'examples/fastapi/server.py',
  };
  const quotes = documents
    .filter(({ path }) => path.startsWith('docs/'))
    .flatMap(blocksOf)
    // One line may well be the reader's own file.
    .filter(({ language, code }) => language in examples && code.trim().includes('\n'));

  it.each(quotes)('$name', ({ language, code }) => {
    expect(read(examples[language] ?? '')).toContain(code.trim());
  });

  it('has some to check', () => {
    expect(quotes.length).toBeGreaterThan(10);
  });
});
