// Prevents: claims about speed that nobody can repeat. `npm run bench:client` reads seeded fixtures with every client, one process for each
// measurement, the contenders in turn in every round, and writes medians, spread and ratios to bench/results/client.md.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { ensureBuilt, ensureInstalled, Explained, main, node, root } from '../scripts/toolchain.mjs';
import { contenders } from './client-contenders.mjs';
import { cases } from './client-fixtures.mjs';

const rounds = Number(process.argv[2] ?? 5);
/** A contender that takes longer is reported as such: fetch-event-source is quadratic in small chunks. */
const timeoutMs = 30_000;
const names = Object.keys(contenders);

await main(async () => {
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Explained('Pass the number of rounds: npm run bench:client -- 5');
  await ensureInstalled();
  await ensureBuilt();
  const results = cases.map(() => new Map(names.map((name) => [name, []])));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index] of cases.entries()) {
      for (const name of names) {
        const times = results[index].get(name);
        // Once too slow, always too slow.
        if (times.includes(undefined)) continue;
        times.push(await measure(name, index));
      }
      console.log(`round ${round + 1} of ${rounds}, case ${index + 1} of ${cases.length}`);
    }
  }
  const text = report(results);
  const file = join(root, 'bench', 'results', 'client.md');
  await writeFile(file, await format(text, { ...(await resolveConfig(file)), parser: 'markdown' }));
  console.log(`\n${text}`);
});

/** MB/s, or `undefined` if it took too long. */
function measure(name, index) {
  return new Promise((resolve, reject) => {
    const child = spawn(node(), [join(root, 'bench', 'client-run.mjs'), name, String(index)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    let printed = '';
    child.stdout.on('data', (text) => (printed += text));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL') return resolve(undefined);
      if (code !== 0) return reject(new Explained(`${name} failed in case ${index + 1}: see above.`));
      const { ms, bytes } = JSON.parse(printed);
      resolve(bytes / 1e6 / (ms / 1e3));
    });
  });
}

function report(results) {
  const size = (bytes) =>
    bytes >= 1_048_576 ? `${bytes / 1_048_576} MB` : bytes >= 1_024 ? `${bytes / 1_024} KB` : `${bytes} B`;
  const rows = cases.map(({ eventBytes, chunkBytes }, index) => {
    const floor = median(results[index].get('floor'));
    const cells = names.map((name) => {
      const speeds = results[index].get(name);
      if (speeds.includes(undefined)) return `more than ${timeoutMs / 1_000} s`;
      const middle = median(speeds);
      const spread = Math.round(((Math.max(...speeds) - Math.min(...speeds)) / middle) * 100);
      const ratio = name === 'floor' ? '' : ` **${(middle / floor).toFixed(2)}**`;
      return `${middle.toPrecision(3)}${ratio} ±${Math.round(spread / 2)}%`;
    });
    return `| ${size(eventBytes)} | ${size(chunkBytes)} | ${cells.join(' | ')} |`;
  });
  const versions = [
    'eventsource-parser',
    'eventsource',
    'eventsource-client',
    '@microsoft/fetch-event-source',
    'openai',
  ].map(
    (name) => `${name} ${JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version}`,
  );
  return `# Speed of the client

Written by \`npm run bench:client\` on ${new Date().toISOString().slice(0, 10)}: Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${versions.join(', ')}.

MB/s of the event stream, the median of ${rounds} processes, with the ratio to the floor in bold and half of the spread (largest minus smallest, in % of the
median). The floor is eventsource-parser and \`JSON.parse\` over the same \`ReadableStream\`, with one object for each event: what no client can avoid.
Events have an ID and JSON data of the given size. Ratios are comparable; absolute numbers are this machine's.

| event | chunk | ${names.join(' | ')} |
| --- | --- | ${names.map(() => '---').join(' | ')} |
${rows.join('\n')}
`;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
