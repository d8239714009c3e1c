// Prevents: tests that pass only on the machine of their author, and a run that does not report its result.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ensureBuilt,
  ensureChromium,
  ensureEngines,
  ensureFastApi,
  ensureInstalled,
  ensureNginx,
  ensureServices,
  environment,
  Explained,
  main,
  node,
  root,
} from './toolchain.mjs';

const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const ng = join(root, 'node_modules', '@angular', 'cli', 'bin', 'ng.js');

/** The suites, in the order of their cost. `npm test -- NAME …` runs only those named; without a name, all but `slow`. */
const suites = {
  node: (report) => ({
    cwd: root,
    // More workers than cores: tests with a database or a browser mostly wait, also for each other.
    args: [
      ...[vitest, 'run', `--maxWorkers=${2 * availableParallelism()}`, '--testTimeout=120000', '--hookTimeout=60000'],
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    ],
  }),
  angular: (report) => ngTest('packages/angular', report),
  web: (report) => ngTest('apps/demo-web', report),
  browser: (report) => ({
    cwd: join(root, 'e2e'),
    args: [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
  }),
  kills: (report) => ({
    cwd: root,
    args: [
      ...[vitest, 'run', '--project=server', 'logs/postgres/kills.spec.ts'],
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    ],
    env: { SILLAGE_KILLS: '1000' },
  }),
  engines: (report) => ({
    cwd: join(root, 'conformance'),
    args: [
      ...[vitest, 'run', '--config', 'vitest.engines.config.ts'],
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    ],
  }),
};

/** Suites with separate commands, which `npm test` leaves out. */
const slow = new Set(['kills', 'engines']);

function ngTest(folder, report) {
  return {
    cwd: join(root, folder),
    args: [ng, 'test', '--reporters=default', '--reporters=json', `--output-file=${report}`],
  };
}

await main(async () => {
  const named = process.argv.slice(2);
  const unknown = named.filter((name) => !(name in suites));
  if (unknown.length > 0)
    throw new Explained(`There is no suite ${unknown.join(', ')}: choose among ${Object.keys(suites).join(', ')}.`);
  await ensureInstalled();
  await ensureBuilt();
  const wanted = Object.keys(suites).filter((name) => (named.length === 0 ? !slow.has(name) : named.includes(name)));
  const needsChromium = ['browser', 'node', 'engines'].some((name) => wanted.includes(name));
  const needsServices = ['kills', 'node'].some((name) => wanted.includes(name));
  const missing =
    (needsChromium ? await ensureChromium() : null) ??
    (needsServices ? await ensureServices() : null) ??
    (wanted.includes('engines') ? await ensureEngines() : null);
  if (missing !== null) throw new Explained(missing);
  if (wanted.includes('node')) {
    await ensureFastApi();
    await ensureNginx();
  }

  const folder = await mkdtemp(join(tmpdir(), 'sillage-test-'));
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const name of wanted) {
    const report = join(folder, `${name}.json`);
    const began = Date.now();
    console.log(`\n── ${name} ──`);
    const code = await spawnSuite(suites[name](report));
    const counts = await readReport(report, code);
    for (const key of Object.keys(total)) total[key] += counts[key];
    console.log(
      `${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped, ${Math.round((Date.now() - began) / 1_000)} s`,
    );
  }
  await rm(folder, { recursive: true });
  console.log(
    `\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`,
  );
  if (total.failed > 0 || total.passed === 0) process.exitCode = 1;
});

function spawnSuite({ cwd, args, env = {} }) {
  return new Promise((resolve, reject) => {
    const child = spawn(node(), args, {
      cwd,
      env: { ...environment, NG_CLI_ANALYTICS: 'false', ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.once('error', reject);
    child.once('close', resolve);
  });
}

/** What the runner wrote down. A run that ended badly without a failed test (a crash, an unhandled error) counts as one. */
async function readReport(report, code) {
  const text = await readFile(report, 'utf8').catch(() => null);
  if (text === null) return { passed: 0, failed: 1, skipped: 0 };
  const { numPassedTests: passed, numFailedTests, numPendingTests = 0, numTodoTests = 0 } = JSON.parse(text);
  return {
    passed,
    failed: code !== 0 && numFailedTests === 0 ? 1 : numFailedTests,
    skipped: numPendingTests + numTodoTests,
  };
}
