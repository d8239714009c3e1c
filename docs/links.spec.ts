import { globSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documents, exists, proseOf, read, root, type Document } from './documents.ts';

/** Text and target of every link and image that leads into the repository. */
function linksOf(document: Document): { text: string; target: string; line: number }[] {
  return proseOf(document)
    .split('\n')
    .flatMap((line, index) =>
      [
        ...line
          .replaceAll(/`[^`]*`/g, (code) => (code.includes('](') ? '' : code))
          .matchAll(/\[([^\]]*)\]\(([^)\s]+)\)/g),
      ].map(([, text = '', target = '']) => ({ text, target, line: index + 1 })),
    )
    .filter(({ target }) => !/^[a-z]+:/.test(target));
}

/** The fragments that GitHub gives a document's headings. */
function fragmentsOf(document: Document): Set<string> {
  const headings = proseOf(document).matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

describe('a link within the repository', () => {
  it.each(documents)('of $path leads to a file, and to a heading of it', (document) => {
    const broken = linksOf(document).filter(({ target }) => {
      const [path = '', fragment] = target.split('#');
      const file = path === '' ? document.path : posix.join(posix.dirname(document.path), path);
      if (!exists(file)) return true;
      if (fragment === undefined) return false;
      const other = documents.find((one) => one.path === file);
      return other === undefined || !fragmentsOf(other).has(fragment);
    });
    expect(broken).toEqual([]);
  });
});

describe('PROTOCOL.md', () => {
  const text = read('PROTOCOL.md');
  const sections = new Set(
    [...text.matchAll(/^(?:- |\| |## )(\d+(?:\.\d+)?)\.? /gm)].map(([, section = '']) => section),
  );
  const citation = /PROTOCOL (\d+(?:\.\d+)?(?:(?:, | and | to )\d+\.\d+)*)/g;
  const citing = globSync(
    [
      '{packages,apps}/**/*.ts',
      '{conformance,e2e}/src/**/*.ts',
      'scripts/*.mjs',
      '*.md',
      'docs/*.{md,ts}',
      'packages/*/*.md',
    ],
    { cwd: root, exclude: ['**/node_modules', '**/dist', '**/.angular'] },
  );
  const cited = citing.flatMap((path) =>
    [...read(path).matchAll(citation)].flatMap(([, list = '']) =>
      list.split(/, | and | to /).map((section) => ({ path, section })),
    ),
  );

  it('has every section that is cited', () => {
    expect(cited.length).toBeGreaterThan(100);
    expect(cited.filter(({ section }) => !sections.has(section))).toEqual([]);
  });

  it('refers to sections of its own', () => {
    const own = [...text.matchAll(/\((\d+\.\d+)\)/g)].map(([, section = '']) => section);
    expect(own.filter((section) => !sections.has(section))).toEqual([]);
  });
});
