// Prevents: sentences at which a reader stops and translates. STYLE: use the word that the reader already knows. Checked are the
// parts that have been rewritten; add a part here when it has been.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './toolchain.mjs';

const parts = ['PROTOCOL.md', 'SECURITY.md', 'packages/server', 'conformance', 'bench'];

/** What not to write, and what to write instead. */
const words = [
  [/\bwhoever\b/i, 'the user, client or server that …'],
  [/\b(?:persons?|people)\b/i, 'user'],
  [/\b(?:comes?|came) back\b/i, 'reconnects, returns'],
  [/\banswers whether\b/i, 'returns whether'],
  [/\bfor ever\b/i, 'forever, without limit'],
  [/\banew\b/i, 'again'],
  [/\bseam\b/i, 'interface'],
  [/\bin place of\b/i, 'instead of'],
  [/\bthe house\b/i, 'this repository'],
  [/\bat the present\b/i, 'with new events'],
  [/(?<!\bthere )\b(?:is|are) no (?!longer\b|more\b)\w+/i, 'is not a …'],
];

const files = execFileSync('git', ['ls-files', ...parts], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => /\.(?:md|ts|mjs)$/.test(file));
const found = files.flatMap((file) =>
  readFileSync(join(root, file), 'utf8')
    .split('\n')
    .flatMap((line, index) =>
      words
        .filter(([pattern]) => pattern.test(line))
        .map(([pattern, instead]) => `${file}:${index + 1}: "${pattern.exec(line)?.[0]}": write ${instead}`),
    ),
);
if (found.length > 0) {
  console.error(found.join('\n'));
  process.exitCode = 1;
}
