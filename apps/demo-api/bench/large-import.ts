// Prevents: an import whose memory grows with the file. Run it by hand, since it takes minutes:
//   node --max-old-space-size=128 apps/demo-api/bench/large-import.ts [gigabytes, 4 by default]
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { startImport } from '../src/tasks/csv/index.ts';

const gigabytes = Number(process.argv[2] ?? 4);
if (!(gigabytes > 0)) throw new RangeError('Say how many gigabytes, as in: large-import.ts 4');
const totalBytes = gigabytes * 2 ** 30;
const folder = await mkdtemp(join(tmpdir(), 'large-import-'));
const databasePath = join(folder, 'rows.sqlite');
const filePath = join(folder, 'rows.csv');
let rows = 0;
let taken = 0;
let most = 0;
const over = new AbortController();
const running = startImport({
  filePath,
  databasePath,
  onProgress(progress) {
    ({ rows } = progress);
    taken = progress.bytes;
  },
});
const outcome = running.outcome.finally(() => over.abort());

const startedAt = Date.now();
const report = setInterval(() => {
  most = Math.max(most, process.memoryUsage().rss);
  const seconds = (Date.now() - startedAt) / 1_000;
  console.log(
    `${(taken / 2 ** 30).toFixed(2)} GiB, ${rows} rows, ${Math.round(rows / seconds)} rows/s, ${megabytes(process.memoryUsage().rss)} in memory`,
  );
}, 2_000);
// Both threads are in this process: its memory is all of it. The file grows while it is read, as an upload does.
const block = Buffer.from(
  Array.from({ length: 1_000 }, (_, id) => `${id},"Sample, ${id}",${'abcdefgh'.repeat(4)},2026-01-01\n`).join(''),
);
const file = await open(filePath, 'a');
const header = Buffer.from('id,name,text,day\n');
await file.appendFile(header);
let sent = header.byteLength;
while (sent < totalBytes && !over.signal.aborted) {
  await file.appendFile(block);
  sent += block.byteLength;
  running.grow(sent, 'part');
}
await file.close();
running.grow(sent, 'whole');
console.log(`${(sent / 2 ** 30).toFixed(2)} GiB written after ${Math.round((Date.now() - startedAt) / 1_000)} s`);
const end = await outcome;
clearInterval(report);
if (end.kind === 'completed') {
  const database = new DatabaseSync(databasePath, { readOnly: true });
  const stored = database.prepare('SELECT count(*) AS count FROM rows').get()?.count;
  database.close();
  console.log(`${gigabytes} GiB: ${String(stored)} rows stored, ${megabytes(most)} in memory at most.`);
} else console.log('The import did not complete:', end);
await rm(folder, { recursive: true });
process.exitCode = end.kind === 'completed' ? 0 : 1;

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
