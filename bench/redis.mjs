// Measures the log in Redis, in one run: `npm run bench:redis`. It starts its own server in a temporary folder, which writes to the disk each second
// (`appendfsync everysec`). The table goes to bench/results/redis.md.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { ensureBuilt, ensureInstalled, ensureServices, Explained, main, root } from '../scripts/toolchain.mjs';

const seconds = Number(process.env.BENCH_SECONDS ?? 4);
const perSecond = 1_000;
const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;

/** Publishes at a fixed rate, and returns how long each event took to the follower, in order of length. */
async function latencies(publish, follow) {
  const sentAt = new Map();
  const measured = [];
  const stop = await follow((number) => measured.push(performance.now() - sentAt.get(number)));
  const startAt = performance.now();
  const pending = [];
  for (let number = 0; number < perSecond * seconds; number += 1) {
    const wait = startAt + (number * 1_000) / perSecond - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    sentAt.set(number, performance.now());
    pending.push(publish(number));
  }
  await Promise.all(pending);
  while (measured.length < pending.length) await new Promise((resolve) => setTimeout(resolve, 10));
  stop();
  return measured.toSorted((left, right) => left - right);
}

async function measure() {
  const { startRedis } = await import('../packages/server/src/logs/redis/redis-server.fixture.ts');
  const { createHub, createMemoryEventLog } = await import('@sillage/server');
  const { createRedisEventLog } = await import('@sillage/server/redis');
  const server = await startRedis('--appendonly', 'yes', '--appendfsync', 'everysec');
  const memory = createMemoryEventLog();
  const [first, second] = [1, 2].map(() => createRedisEventLog({ url: server.url }));
  const rows = [];
  const data = { note: 'x'.repeat(100) };
  for (const inFlight of [1, 64, 1_000]) {
    const hub = createHub({ log: first });
    let count = 0;
    const endAt = performance.now() + seconds * 1_000;
    await Promise.all(
      Array.from({ length: inFlight }, async () => {
        while (performance.now() < endAt) {
          await hub.publish('news', { data });
          count += 1;
        }
      }),
    );
    rows.push([`events/s, ${inFlight} publication${inFlight > 1 ? 's' : ''} in flight`, Math.round(count / seconds)]);
  }
  for (const [name, from, to] of [
    ['in memory, one node', memory, memory],
    ['Redis, the same node', first, first],
    ['Redis, the other node', first, second],
  ]) {
    const hub = createHub({ log: from });
    const sorted = await latencies(
      (number) => hub.publish('latency', { data: number }),
      async (onNumber) => {
        const { stop } = await to.tail({
          onEvents: (events) => {
            for (const { topic, data: text } of events) if (topic === 'latency') onNumber(Number(text));
          },
          onReset: () => undefined,
        });
        return stop;
      },
    );
    const shown = [0.5, 0.99, 1].map((share) => percentile(sorted, share).toFixed(1)).join(', ');
    rows.push([`ms from publish to the tail at 1,000 events/s, ${name}: p50, p99, most`, shown]);
  }
  await Promise.all([first.close(), second.close()]);
  await server.remove();
  return rows;
}

await main(async () => {
  await ensureInstalled();
  await ensureBuilt();
  const missing = await ensureServices();
  if (missing !== null) throw new Explained(missing);
  const rows = await measure();
  const table = ['| measured | value |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join(
    '\n',
  );
  console.log(table);
  await mkdir(join(root, 'bench', 'results'), { recursive: true });
  await writeFile(
    join(root, 'bench', 'results', 'redis.md'),
    `# The log in Redis\n\nWritten by \`npm run bench:redis\`: Redis and both nodes share one machine.\n\n${table}\n`,
  );
});
