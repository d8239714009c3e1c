// Prevents: English that makes a reader stop and translate. Comments, error messages, test names and Markdown of the folders below are
// searched for words that have a plainer equivalent. `node scripts/plain-english.mjs PATH …` checks other paths.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { Explained, main, root } from './toolchain.mjs';

/** What is checked. Add a folder or a file once it is written in plain English: to `strict` if it also does without the idioms. */
const covered = {
  strict: [
    'CONTRIBUTING.md',
    'apps/demo-api/bench',
    'apps/demo-api/src',
    'e2e/src',
    'examples',
    'packages/client/README.md',
    'packages/client/STATES.md',
    'packages/client/src',
    'packages/entra-emulator/src',
    'scripts',
  ],
  words: ['PROTOCOL.md', 'SECURITY.md', 'bench', 'conformance', 'packages/server'],
};

/** What not to write, and what to write instead. */
const words = [
  [/\bwhoever\b/i, 'a user who, a client that, anyone who'],
  [/\bpersons?\b/i, 'user, reader'],
  [/(?<!GET )\bpeople\b/i, 'users'],
  [/\b(?:comes?|came|coming) back\b/i, 'returns, reconnects'],
  [/\banswers? whether\b/i, '@returns whether'],
  [/\bfor ever\b/i, 'forever, without limit'],
  [/\banew\b/i, 'again'],
  [/\bseam\b/i, 'interface'],
  [/\bin place of\b/i, 'instead of'],
  [/\bthe house\b|\bhouse[’']s\b/i, 'this repository'],
  [/\bat the present\b/i, 'with new events'],
  [/(?<!\bthere )\b(?:is|are) no (?!longer\b|more\b)\w+/i, 'is not a …'],
];

/** Idioms at which readers stop, and plainer ones. */
const idioms = [
  [/(?<!\b(?:make|makes|some|much) )\brooms?\b(?! for\b| to\b)/i, 'folder, chat'],
  [/\b(?:goes|go|went|going) on\b/i, 'continues, resumes'],
  [/\b(?:is|are|was|were|be|been|being) told\b/i, 'receives, is called with, is reported'],
  [/\btells? (?:of|whether|that|how)\b/i, 'reports, says'],
  [/\bof (?:its|their|his|her|our|your|one[’']s) own\b/i, 'separate, own (before the noun)'],
  [/(?<!\bthere )\b(?:was|were|be) no (?!longer\b|more\b|less\b|worse\b)\w+/i, 'is not a …, has no …'],
  [/(?<!\bthere )\b(?:is|are|was|were) none\b/, 'does not exist, is not one'],
  [/\b(?:for|to|by|from|with|of) who\b/i, 'for those who, for a user who'],
  [/\b(?:wanted|needed|there|known) no (?:more|longer)\b/i, 'not … any more'],
  [/\b(?:its|their|a client[’']s|the client[’']s) place\b/i, 'position'],
  [/\bsilence of bytes\b/i, 'time without bytes'],
  [/\bmid-(?:work|answer|event|stream)\b|\bin mid\b/i, 'during …'],
  [/\bheard of\b/i, 'known'],
  [/\bbeside (?:it|them|what|the)\b/i, 'besides, next to'],
  [/\bgives? (?:way|the reins|up on)\b/i, 'say what happens'],
  [/\bmanners\b/i, 'conventions'],
  [/\bnobody else[’']s\b|\bsomebody else[’']s\b|\banother[’']s\b/i, 'of another user'],
  [/\bin whatever\b|\bhowever (?:often|many|large|far)\b/i, 'any number of …, in any order'],
  [/\bas long as it likes\b|\bas it (?:likes|wants)\b/i, 'without limit'],
];

const isChecked = (name) => /\.(ts|mjs|cjs|js|py|md)$/.test(name);
const skipped = new Set(['node_modules', 'dist', '__pycache__']);

await main(async () => {
  const paths = process.argv.slice(2);
  const strict = paths.length > 0 ? paths : covered.strict;
  const findings = [
    ...(await findAll(strict, [...words, ...idioms])),
    ...(paths.length > 0 ? [] : await findAll(covered.words, words)),
  ];
  if (findings.length > 0)
    throw new Explained(`${findings.join('\n')}\n${findings.length} places are not in plain English.`);
});

async function findAll(paths, patterns) {
  const files = (await Promise.all(paths.map((path) => filesIn(join(root, path))))).flat();
  const findings = [];
  for (const file of files) {
    // This file names the words.
    if (file === import.meta.filename) continue;
    const source = await readFile(file, 'utf8');
    for (const { text, position } of textsOf(file, source)) {
      findings.push(...findIn(text, patterns, file, source, position));
    }
  }
  return findings;
}

async function filesIn(path) {
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const found = await Promise.all(
    entries
      .filter(({ name }) => !skipped.has(name))
      .map((entry) =>
        entry.isDirectory() ? filesIn(join(path, entry.name)) : isChecked(entry.name) ? [join(path, entry.name)] : [],
      ),
  );
  return found.flat().sort();
}

/** The texts that people read: of a program its comments and its sentences, of a document everything. */
function textsOf(file, source) {
  if (!/\.(ts|mjs|cjs|js)$/.test(file)) return [{ text: source, position: 0 }];
  const texts = [];
  const comments = new Set();
  const sourceFile = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const visit = (node) => {
    for (const range of [
      ...(ts.getLeadingCommentRanges(source, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(source, node.getEnd()) ?? []),
    ]) {
      if (comments.has(range.pos)) continue;
      comments.add(range.pos);
      texts.push({ text: source.slice(range.pos, range.end), position: range.pos });
    }
    const isText =
      ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node);
    // A string without a space is a name or a value, and no sentence.
    if (isText && node.getText().includes(' ')) texts.push({ text: node.getText(), position: node.getStart() });
    ts.forEachChild(node, visit);
  };
  visit(sourceFile);
  return texts;
}

function findIn(text, patterns, file, source, position) {
  // Code in backticks, links and URLs are names.
  const prose = text.replaceAll(/`[^`\n]*`|\{@link [^}]*\}|https?:\S+|\]\([^)]*\)/g, (code) => ' '.repeat(code.length));
  return patterns.flatMap(([pattern, instead]) =>
    [...prose.matchAll(new RegExp(pattern, `${pattern.flags}g`))].map((match) => {
      const line = source.slice(0, position + match.index).split('\n').length;
      return `${relative(root, file)}:${line}: “${match[0]}”. Write: ${instead}.`;
    }),
  );
}
