// Prevents: a tree that passes its tests and still breaks a rule of the project. All checks run, and all failures are reported.
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, Explained, main, node, root, run } from './toolchain.mjs';

const module = (...path) => join(root, 'node_modules', ...path);
const tsc = module('typescript', 'bin', 'tsc');
const published = ['packages/client', 'packages/server', 'packages/entra-emulator', 'packages/angular'];
const typed = [
  '.',
  ...published,
  'packages/angular/schematics',
  'apps/demo-api',
  'apps/demo-web',
  'apps/demo-web/server',
  'apps/demo-contract',
  'conformance',
  'docs',
  'e2e',
  'examples/express-minimal',
  'examples/fastapi',
];

const claims = [
  ['The format is Prettier’s', [[module('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level=warn', '.']]],
  ['The English is plain', [[join(root, 'scripts', 'plain-english.mjs')]]],
  ['Lint finds nothing', [[module('eslint', 'bin', 'eslint.js'), '.', '--max-warnings=0']]],
  [
    'Imports follow the rules',
    [
      [
        module('dependency-cruiser', 'bin', 'dependency-cruiser.mjs'),
        ...['packages', 'apps', 'examples', 'conformance', 'docs', 'e2e', 'scripts'],
        '--config',
        '.dependency-cruiser.cjs',
      ],
    ],
  ],
  ['Types hold, those of the tests too', typed.map((folder) => [tsc, '-p', folder])],
  ['There is no dead code', [[module('knip', 'bin', 'knip.js')]]],
  ['The public API is what goldens/ says', [[join(root, 'scripts', 'api-goldens.mjs')]]],
  [
    'Packages can be installed and imported',
    published.flatMap((folder) => [
      [module('publint', 'src', 'cli.js'), folder, '--strict'],
      [
        module('@arethetypeswrong', 'cli', 'dist', 'index.js'),
        '--pack',
        folder,
        '--profile',
        'esm-only',
        '--no-emoji',
        '--format',
        'ascii',
      ],
    ]),
  ],
  ['STATES.md matches the code', [[join(root, 'scripts', 'states.mjs')]]],
  ['Sizes are within their budgets', [[module('size-limit', 'bin.js')]]],
];

await main(async () => {
  await ensureInstalled();
  await ensureBuilt();
  const broken = [];
  for (const [claim, commands] of claims) {
    const failures = [];
    for (const args of commands) {
      await run(node(), args, { output: 'on-failure' }).catch((error) => failures.push(error.message));
    }
    console.log(`${failures.length === 0 ? '✓' : '✗'} ${claim}`);
    if (failures.length > 0) broken.push(`${claim} – no:\n${failures.join('\n')}`);
  }
  if (broken.length > 0) throw new Explained(broken.join('\n\n'));
});
