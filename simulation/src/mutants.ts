import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A planted bug: a change of one place in a built package. */
interface Mutant {
  readonly what: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const mutants: readonly Mutant[] = [
  mutant('a rotation skips nothing', 'client/dist/stream/delivery.js', 'return repeats ||', 'return false &&'),
  mutant('a rotation remembers nothing', 'client/dist/stream/delivery.js', '.remember(event.id)', '.remember("x")'),
  mutant('the position never moves', 'client/dist/stream/delivery.js', 'this.#resumeId = event.id;', ''),
  mutant('a successor is not stopped', 'client/dist/stream/runner.js', 'successor.handle.cancel();', ''),
  mutant('a connection is not stopped', 'client/dist/stream/runner.js', 'attempt.handle.cancel();', ''),
  mutant('timers stay', 'client/dist/stream/runner.js', 'timer.cancel();', ''),
  mutant('listeners stay', 'client/dist/stream/runner.js', 'stopWatching();', ''),
  mutant(
    'what waits for a subscriber is dropped',
    'client/dist/connection/read-connection.js',
    "this.#queue.push({ kind: 'event', event: { id, type, data } })",
    'undefined',
  ),
  mutant(
    'the successor does not wait for the subscriber',
    'client/dist/connection/read-connection.js',
    'this.#busy = this.#consumer.busy;\n        return !this',
    'return !this',
  ),
  mutant(
    'a request to move is written into an event',
    'client/dist/sharing/carried-request.js',
    "this.#isWithinEvent = follows === 'more';",
    '',
  ),
  mutant(
    'parts go to the wrong stream',
    'client/dist/sharing/frame-reader.js',
    'this.#key = key;',
    'this.#key ||= key;',
  ),
  mutant(
    'a slow stream just loses events',
    'client/dist/sharing/carried-request.js',
    'this.#controller.enqueue(moveBlock);\n            return',
    'return',
  ),
  mutant(
    'a replay skips a page',
    'server/dist/hub/subscription.js',
    'this.#after = formatEventId(place);\n        this.#isFirst = false;\n        if (page.events.length > 0 &&',
    'this.#after = formatEventId(place);\n        this.#isFirst = false;\n        if (page.events.length > 3 &&',
  ),
  mutant('a gap is not reported', 'server/dist/hub/subscription.js', "type: 'gap', data }", "type: 'lost', data }"),
  mutant(
    'a member that falls behind forgets the epoch',
    'server/dist/hub/subscription.js',
    'this.#after = formatEventId({ epoch, sequence });',
    'this.#after = formatEventId(this.#host.fanOut.position);',
  ),
  mutant('recent events are one short', 'server/dist/hub/recent-events.js', 'sequence >= ', 'sequence + 1 >= '),
  mutant(
    'the log trims one too many',
    'server/dist/logs/memory-event-log.js',
    'topics.get(topic)?.trimmedThrough ?? forgottenThrough',
    '0',
  ),
];

function mutant(what: string, file: string, find: string, replace: string): Mutant {
  return { what, file, find, replace };
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const maxSeeds = 1_000;

/** Runs the simulation on a copy of the packages with one bug. Returns the seeds that it took, or why it could not be planted. */
async function hunt({ file, find, replace }: Mutant): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sillage-mutant-'));
  try {
    const modules = join(folder, 'node_modules');
    await mkdir(join(modules, '@sillage'), { recursive: true });
    for (const name of ['client', 'server']) {
      await mkdir(join(modules, '@sillage', name));
      await cp(join(root, 'packages', name, 'package.json'), join(modules, '@sillage', name, 'package.json'));
      await cp(join(root, 'packages', name, 'dist'), join(modules, '@sillage', name, 'dist'), { recursive: true });
    }
    for (const name of ['eventsource-parser', 'jose'])
      await symlink(join(root, 'node_modules', name), join(modules, name));
    await cp(join(root, 'simulation', 'src'), join(folder, 'src'), { recursive: true });
    const path = join(modules, '@sillage', file);
    const text = await readFile(path, 'utf8');
    if (!text.includes(find)) return 'cannot be planted: the code has changed';
    await writeFile(
      path,
      text.replace(find, () => replace),
    );
    const child = spawn(
      process.execPath,
      [join(folder, 'src', 'simulate.ts'), '--seeds', String(maxSeeds), '--first'],
      {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
    const [code] = (await once(child, 'exit')) as [number | null];
    const [, seed] = /seed (\d+): (.*)/.exec(output) ?? [];
    return code === 0
      ? `survived ${maxSeeds} seeds`
      : seed === undefined
        ? 'found: it ends the simulation'
        : `found by seed ${seed}`;
  } finally {
    await rm(folder, { recursive: true });
  }
}

let found = 0;
for (const each of mutants) {
  const result = await hunt(each);
  if (result.startsWith('found')) found += 1;
  console.log(`${each.what}: ${result}`);
}
console.log(`mutants: ${found} of ${mutants.length} found`);
process.exitCode = found === mutants.length ? 0 : 1;
