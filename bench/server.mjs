// Measures the server: `npm run bench:server`. One process is the server, one the clients, on loopback. Each figure is the median
// of several runs, with the lowest and the highest. The table goes to bench/results/server.md. With `--against DIST`, the built server
// in that folder is measured too, in turns with the present one, so that both meet the same load of the machine.
import { performance } from 'node:perf_hooks';
import { fork } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, main, node, root } from '../scripts/toolchain.mjs';

const option = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);
const only = option('--only');
const against = option('--against');
/** The servers to measure: name, and the folder of its build. */
const variants = [...(against === undefined ? [] : [['before', against]]), ['now', undefined]];
const runs = Number(process.env.BENCH_RUNS ?? 3);
const sessions = 1_000;

function start(file, execArgv = [], env = process.env) {
  const child = fork(join(root, 'bench', file), { execPath: node(), execArgv, env });
  const waiting = new Map();
  let nextId = 1;
  const ready = new Promise((resolve) => {
    child.on('message', ({ id, result, error, ready: isReady }) => {
      if (isReady) resolve();
      const { accept, reject } = waiting.get(id) ?? {};
      waiting.delete(id);
      if (error === undefined) accept?.(result);
      else reject?.(new Error(error));
    });
  });
  return {
    ready,
    ask: (action, options = {}) =>
      new Promise((accept, reject) => {
        const id = nextId++;
        waiting.set(id, { accept, reject });
        child.send({ id, action, ...options });
      }),
    end: () => child.kill(),
  };
}

/** The server that is measured at the moment. */
let dist;

async function withProcesses(run) {
  const env = dist === undefined ? process.env : { ...process.env, SILLAGE_SERVER_DIST: dist };
  const host = start('server-host.mjs', ['--expose-gc'], env);
  const load = start('server-load.mjs');
  await Promise.all([host.ready, load.ready]);
  try {
    return await run(host, load);
  } finally {
    host.end();
    load.end();
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What each session adds to the process, when 2,000 are open and silent. */
const idle = (kind) =>
  withProcesses(async (host, load) => {
    const { port } = await host.ask('start', { kind });
    // The first ones pay for what is there only once.
    await load.ask('open', { port, sessions: 200 });
    const before = await host.ask('memory');
    const { ms } = await load.ask('open', { port, sessions: 2_000 });
    await sleep(300);
    const after = await host.ask('memory');
    return {
      'RSS, KB per session': (after.rss - before.rss) / 2_000 / 1_024,
      'heap, KB per session': (after.heapUsed - before.heapUsed) / 2_000 / 1_024,
      'connects/s': 2_000 / (ms / 1_000),
    };
  });

const fanOut = (inFlight) =>
  withProcesses(async (host, load) => {
    const { port } = await host.ask('start', { kind: 'memory' });
    await load.ask('open', { port, sessions });
    await host.ask('publish', { inFlight, durationMs: 500 });
    await sleep(500);
    await load.ask('reset');
    const began = performance.now();
    const { published, loopDelayMs, cpuMs } = await host.ask('publish', { inFlight, durationMs: 3_000 });
    const { events } = await load.ask('counted');
    const seconds = (performance.now() - began) / 1_000;
    return {
      'deliveries/s': events / seconds,
      'publishes/s': published / seconds,
      'CPU, µs per delivery': (cpuMs * 1_000) / Math.max(1, events),
      'loop delay, ms at most': loopDelayMs,
    };
  });

/** A thousand clients that each missed a thousand events, at one position or each at another. */
const storm = (kind, spread) =>
  withProcesses(async (host, load) => {
    const { port } = await host.ask('start', { kind });
    const count = 1_000 + spread;
    const { epoch } = await host.ask('fill', { count: count + 2_000 });
    const chosen = Array.from(
      { length: spread === 0 ? 1 : sessions },
      (_, index) => 2_000 + Math.floor((index * spread) / sessions),
    );
    const expected = Array.from(
      { length: sessions },
      (_, index) => count + 2_000 - chosen[index % chosen.length],
    ).reduce((total, missed) => total + missed, 0);
    await host.ask('watch');
    const { ms, events } = await load.ask('storm', {
      port,
      sessions,
      positions: chosen.map((position) => `${epoch}-${position}`),
      expected,
    });
    const { loopDelayMs, cpuMs } = await host.ask('stopWatching');
    return {
      'deliveries/s': events / (ms / 1_000),
      'all have all after, ms': ms,
      'loop delay, ms at most': loopDelayMs,
      'CPU, µs per delivery': (cpuMs * 1_000) / Math.max(1, events),
    };
  });

const atTheBound = (kind, inFlight) =>
  withProcesses(async (host) => {
    await host.ask('start', { kind, maxEvents: 100_000 });
    await host.ask('fill', { count: 100_000 });
    const began = performance.now();
    const { published, loopDelayMs } = await host.ask('publish', { inFlight, durationMs: 3_000 });
    return { 'publishes/s': published / ((performance.now() - began) / 1_000), 'loop delay, ms at most': loopDelayMs };
  });

const cases = [
  ['idle: bare node:http', () => idle('bare')],
  ['idle: session', () => idle('memory')],
  ['fan-out to 1,000, 4 in flight', () => fanOut(4)],
  ['fan-out to 1,000, 16 in flight', () => fanOut(16)],
  ['fan-out to 1,000, 64 in flight', () => fanOut(64)],
  ['replay storm, memory, one position', () => storm('memory', 0)],
  ['replay storm, memory, 1,000 positions', () => storm('memory', 1_000)],
  ['replay storm, SQLite, one position', () => storm('sqlite', 0)],
  ['replay storm, SQLite, 1,000 positions', () => storm('sqlite', 1_000)],
  ['publish at the bound, memory, 64 at a time', () => atTheBound('memory', 64)],
  ['publish at the bound, SQLite, 64 at a time', () => atTheBound('sqlite', 64)],
  ['publish at the bound, SQLite, one at a time', () => atTheBound('sqlite', 1)],
];

const format = (value) => (value >= 1_000 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3));

/** @returns for each variant, what each run has measured. */
async function measure(run) {
  const results = variants.map(() => []);
  for (let round = 0; round < runs; round += 1) {
    for (const [index, [, folder]] of variants.entries()) {
      dist = folder;
      results[index].push(await run());
    }
  }
  return results;
}

function summarise(results, what) {
  const values = results.map((result) => result[what]).sort((left, right) => left - right);
  return `${format(values[Math.floor(values.length / 2)])} (${format(values[0])} to ${format(values.at(-1))})`;
}

await main(async () => {
  await ensureInstalled();
  await ensureBuilt();
  const rows = [];
  for (const [name, run] of cases.filter(([name]) => only === undefined || name.includes(only))) {
    const results = await measure(run);
    for (const what of Object.keys(results[0][0])) {
      rows.push([name, what, ...results.map((ofVariant) => summarise(ofVariant, what))]);
      console.log(rows.at(-1).join(' | '));
    }
  }
  const [cpu] = cpus();
  const table = [
    '# Benchmarks of the server',
    '',
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpu?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GB, ` +
      `${process.version}. Events of 100 bytes; the clients are a process of their own, on loopback. Median of ${runs} runs (lowest to highest).`,
    '',
    `| case | what | ${variants.map(([name]) => name).join(' | ')} |`,
    `| --- | --- |${variants.map(() => ' --- |').join('')}`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
  ].join('\n');
  await mkdir(join(root, 'bench', 'results'), { recursive: true });
  if (only === undefined) await writeFile(join(root, 'bench', 'results', 'server.md'), table);
});
