// Prevents: an import whose memory grows with the file. A person runs it, as it takes minutes:
//   node --max-old-space-size=128 apps/demo-api/bench/large-import.ts [gigabytes, 4 by default]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { startImport } from '../src/tasks/start-import.ts';

const gigabytes = Number(process.argv[2] ?? 4);
if (!(gigabytes > 0)) throw new RangeError('Say how many gigabytes, as in: large-import.ts 4');
const totalBytes = gigabytes * 2 ** 30;
const folder = await mkdtemp(join(tmpdir(), 'large-import-'));
const path = join(folder, 'rows.sqlite');
let rows = 0;
let taken = 0;
let most = 0;
const running = startImport({
  path,
  onProgress(progress) {
    ({ rows } = progress);
    taken = progress.bytes;
  },
});

const startedAt = Date.now();
const report = setInterval(() => {
  most = Math.max(most, process.memoryUsage().rss);
  const seconds = (Date.now() - startedAt) / 1_000;
  console.log(
    `${(taken / 2 ** 30).toFixed(2)} GiB, ${rows} rows, ${Math.round(rows / seconds)} rows/s, ${megabytes(process.memoryUsage().rss)} in memory`,
  );
}, 2_000);
// Both threads are in this process: its memory is all of it.
const block = Buffer.from(
  Array.from({ length: 1_000 }, (_, id) => `${id},"Sample, ${id}",${'abcdefgh'.repeat(4)},2026-01-01\n`).join(''),
);
await running.write(Buffer.from('id,name,text,day\n'));
for (let sent = 0; sent < totalBytes; sent += block.byteLength) {
  if (!(await running.write(block))) break;
}
running.end();
const outcome = await running.outcome;
clearInterval(report);
if (outcome.kind === 'completed') {
  const database = new DatabaseSync(path, { readOnly: true });
  const stored = database.prepare('SELECT count(*) AS count FROM rows').get()?.count;
  database.close();
  console.log(`${gigabytes} GiB: ${String(stored)} rows stored, ${megabytes(most)} in memory at most.`);
} else console.log('The import did not complete:', outcome);
await rm(folder, { recursive: true });
process.exitCode = outcome.kind === 'completed' ? 0 : 1;

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
