// Measures publishing in PostgreSQL beside a plain INSERT, in one run: `npm run bench:postgres`. It starts its own server in a temporary folder.
// The table goes to bench/results/postgres.md. The server writes to the disk at each commit (fsync, synchronous_commit), as in production.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { ensureBuilt, ensureInstalled, ensureServices, Explained, main, root } from '../scripts/toolchain.mjs';

const secondsOf = Number(process.env.BENCH_SECONDS ?? 4);

/** Runs transactions on that many connections for a while. Returns how many there were in a second. */
async function rate(pool, connections, transaction) {
  const endAt = performance.now() + secondsOf * 1_000;
  let count = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = await pool.connect();
      while (performance.now() < endAt) {
        await transaction(client);
        count += 1;
      }
      client.release();
    }),
  );
  return Math.round(count / secondsOf);
}

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;

async function measure() {
  const { default: pg } = await import('pg');
  const { startPostgres } = await import('../packages/server/src/logs/postgres/postgres-server.fixture.ts');
  const { createHub } = await import('@sillage/server');
  const { createPostgresEventLog } = await import('@sillage/server/postgres');
  const server = await startPostgres('fsync=on');
  const pool = new pg.Pool({ ...server.config, max: 20 });
  const log = createPostgresEventLog({ pool, maxEvents: 100_000 });
  const hub = createHub({ log });
  await hub.ready();
  await pool.query('CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text NOT NULL)');
  const insert = async (client) => {
    await client.query('BEGIN');
    await client.query('INSERT INTO orders (note) VALUES ($1)', ['x'.repeat(100)]);
    await client.query('COMMIT');
  };
  const data = { note: 'x'.repeat(100) };
  const insertAndPublish = async (client) => {
    await client.query('BEGIN');
    await client.query('INSERT INTO orders (note) VALUES ($1)', ['x'.repeat(100)]);
    await hub.publish('orders', { data }, { client });
    await client.query('COMMIT');
  };
  const rows = [];
  for (const connections of [1, 16]) {
    const [plain, published] = [[], []];
    for (let run = 0; run < 3; run += 1) {
      plain.push(await rate(pool, connections, insert));
      published.push(await rate(pool, connections, insertAndPublish));
      // What is left of the outbox belongs to this run.
      await settled(pool);
    }
    const [a, b] = [plain, published].map((values) => values.toSorted((x, y) => x - y)[1]);
    rows.push([`transactions/s, ${connections} connection${connections > 1 ? 's' : ''}: INSERT`, a]);
    rows.push([`… INSERT and publish`, `${b} (${(b / a).toFixed(2)})`]);
  }

  const count = 60_000;
  const beganAt = performance.now();
  for (let sent = 0; sent < count; sent += 2_000) {
    await Promise.all(Array.from({ length: 2_000 }, () => hub.publish('orders', { data })));
  }
  rows.push(['events/s, 2,000 publications in flight', Math.round(count / ((performance.now() - beganAt) / 1_000))]);

  const committedAt = new Map();
  const latencies = [];
  const tail = await log.tail({
    onEvents(events) {
      const now = performance.now();
      for (const { data: text } of events) {
        const at = committedAt.get(JSON.parse(text));
        if (at !== undefined) latencies.push(now - at);
      }
    },
    onReset: () => undefined,
  });
  const pending = [];
  const startAt = performance.now();
  for (let sent = 0; sent < 1_000 * secondsOf; sent += 1) {
    const wait = startAt + sent - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    pending.push(
      (async () => {
        const client = await pool.connect();
        await client.query('BEGIN');
        await hub.publish('latency', { data: sent }, { client });
        await client.query('COMMIT');
        committedAt.set(sent, performance.now());
        client.release();
      })(),
    );
  }
  await Promise.all(pending);
  await settled(pool);
  tail.stop();
  // An event can arrive before its COMMIT has returned: then it has no latency here.
  latencies.sort((x, y) => x - y);
  rows.push([
    `ms from the COMMIT to the node, at 1,000 transactions/s: p50, p99, most`,
    [0.5, 0.99, 1].map((share) => percentile(latencies, share).toFixed(1)).join(', '),
  ]);
  await hub.close();
  await log.close();
  await pool.end();
  await server.remove();
  return rows;
}

async function settled(pool) {
  for (;;) {
    const { rows } = await pool.query('SELECT count(*)::integer AS count FROM sillage.committing');
    if (rows[0].count === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
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
    join(root, 'bench', 'results', 'postgres.md'),
    `# Publishing in PostgreSQL\n\nWritten by \`npm run bench:postgres\`: PostgreSQL, the publishing process and the sequencer share one machine. In brackets: relative to the plain INSERT.\n\n${table}\n`,
  );
});
