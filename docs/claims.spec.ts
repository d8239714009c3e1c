import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksOf, documentAt, documents, exists, read, sectionOf, tableRows } from './documents.ts';

const shown: readonly { document: string; heading: string }[] = [
  { document: 'README.md', heading: 'What holds today, and which test shows it' },
  { document: 'SECURITY.md', heading: 'What we promise about tokens' },
];

describe.each(shown)('$document, "$heading"', ({ document, heading }) => {
  const rows = tableRows(sectionOf(documentAt(document), heading)).slice(1);
  const promises = rows.map(([claim = '', tests = '']) => ({ claim, tests }));

  it.each(promises)('$claim', ({ tests }) => {
    for (const test of tests.split('; ')) {
      const [, path = '', title = ''] = /^\[[^\]]+\]\(([^)]+)\): “(.+)”$/.exec(test) ?? [];
      expect(path).toMatch(/\.spec\.ts$|\/scenarios\.ts$/);
      // A title as it stands in the source, or with its quotes escaped there.
      expect(read(path).replaceAll("\\'", "'")).toContain(title);
    }
  });
});

describe('a document of docs/', () => {
  const cited = documents
    .filter(({ path }) => path.startsWith('docs/'))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)#]+\.ts)\): ((?:“[^”]+”(?:, )?)+)/g)].flatMap(([, file = '', titles = '']) =>
        [...titles.matchAll(/“([^”]+)”/g)].map(([, title = '']) => ({
          path,
          file: posix.join(posix.dirname(path), file),
          title,
        })),
      ),
    );

  it.each(cited)('$path names a test that is there: “$title”', ({ file, title }) => {
    expect(read(file).replaceAll("\\'", "'")).toContain(title);
  });

  it('names some', () => expect(cited.length).toBeGreaterThan(20));
});

describe('the README', () => {
  const readme = documentAt('README.md');

  it('names variables that are read, with their defaults', () => {
    const sources = [
      'scripts/start.mjs',
      'scripts/toolchain.mjs',
      'apps/demo-api/src/config.ts',
      'apps/demo-web/server/config.ts',
      'packages/entra-emulator/src/bin-options.ts',
    ]
      .map(read)
      .join('\n')
      .replaceAll(/(?<=\d)_(?=\d)/g, '')
      .replaceAll(/\$\{ports\.(\w+)\}/g, '${$1}')
      .split('\n');
    const wrong = tableRows(sectionOf(readme, 'Environment'))
      .slice(1)
      .flatMap(([names = '', byDefault = '']) =>
        [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => ({ name, byDefault: byDefault.replaceAll('`', '') })),
      )
      .filter(({ name, byDefault }) => {
        const lines = sources.filter((line) => line.includes(name));
        const stated =
          ['none', "the emulator's"].includes(byDefault) || sources.some((line) => line.includes(byDefault));
        const beside =
          !/^\d+$/.test(byDefault) || lines.some((line) => line.includes(byDefault)) || constant(sources, byDefault);
        return lines.length === 0 || !stated || !beside;
      });
    expect(wrong).toEqual([]);
  });
});

/** Whether a default is a constant's, which the line with the variable only names. */
function constant(lines: readonly string[], value: string): boolean {
  return lines.some((line) => new RegExp(`^const (?:DEFAULT_|default)\\w+ = ${value};`).test(line));
}

describe('the page on architecture', () => {
  const architecture = documentAt('docs/architecture.md');

  it('has every rule about imports that is enforced, and no other', () => {
    const rules = [...read('.dependency-cruiser.cjs').matchAll(/name: '([a-z0-9-]+)'/g)].map(([, name = '']) => name);
    const told = tableRows(sectionOf(architecture, 'Who may import whom')).slice(1);
    expect(told.map(([name = '']) => name.replaceAll('`', '')).sort()).toEqual(rules.sort());
  });

  it('has rooms that are there', () => {
    const rooms = blocksOf(architecture)
      .map(({ code }) => code.split('\n'))
      .filter(([first = '']) => first.endsWith('/'))
      .flatMap(([root = '', ...lines]) => {
        // Two spaces more are one folder deeper.
        const folders = [root];
        return lines
          .filter((line) => line !== '')
          .map((line) => {
            const depth = line.search(/\S/) / 2;
            const path = posix.join(folders[depth - 1] ?? root, line.trim().split(/\s/, 1)[0] ?? '');
            folders[depth] = path;
            return path;
          });
      });
    expect(rooms.length).toBeGreaterThan(40);
    expect(rooms.filter((room) => !exists(room))).toEqual([]);
  });
});

describe('a command', () => {
  const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
  const suites = [...read('scripts/test.mjs').matchAll(/^ {2}(\w+): \(report\) =>/gm)].map(([, name = '']) => name);
  /** npm's own, which need no script. */
  const builtIn = ['ci', 'install', 'pack'];
  const commands = documents.flatMap(({ path, text }) =>
    [...text.matchAll(/(?<=^|`)npm (?:run (?<named>[\w:]+)|(?<short>\w+))(?: -- (?<suite>\w+))?/gm)].map(
      ({ groups }) => ({
        path,
        script: groups?.named ?? groups?.short ?? '',
        suite: groups?.suite,
      }),
    ),
  );

  it('of npm that a document names is there, and so is the suite', () => {
    expect(commands.length).toBeGreaterThan(5);
    expect(commands.filter(({ script }) => !(script in scripts) && !builtIn.includes(script))).toEqual([]);
    expect(commands.filter(({ suite }) => suite !== undefined && !suites.includes(suite))).toEqual([]);
  });
});
