import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registerEventLogContract } from './event-log-contract.fixture.ts';
import type { EventLog } from '../events/event-log.ts';
import { createRandom, settle } from '../core/tick.fixture.ts';
import { createSqliteEventLog } from './sqlite-event-log.ts';

registerEventLogContract('the SQLite log', {
  createLog: (options) => createSqliteEventLog({ ...options, path: ':memory:' }),
  settle,
});

const entry = { type: 'message', data: 'x' };
const readAll = (log: EventLog, topic: string, after = 'e1-0') =>
  log.read({ after, topics: [topic], maxEvents: 100_000, maxBytes: 1e9 });

describe('the SQLite log', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sillage-log-'));
    path = join(folder, 'events.db');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('goes on in the same history after a restart, with what it held and what it had let go', async () => {
    const before = createSqliteEventLog({ path, epoch: 'e1', maxEvents: 3 });
    for (const topic of ['a', 'b', 'b', 'b']) await before.append(topic, { ...entry, retry: 5 });
    await before.close();
    const after = createSqliteEventLog({ path, epoch: 'other', maxEvents: 3 });
    expect(await after.position()).toEqual({ epoch: 'e1', sequence: 4 });
    expect((await readAll(after, 'b')).events).toHaveLength(3);
    expect((await readAll(after, 'b')).events[0]).toMatchObject({ id: 'e1-2', retry: 5 });
    expect((await readAll(after, 'a')).gap?.reason).toBe('trimmed');
    expect(await after.append('a', entry)).toMatchObject({ id: 'e1-5' });
    await after.close();
  });

  it('loses nothing that was acknowledged when its process is killed (kill -9)', async () => {
    // A process of its own, which prints every ID that it was acknowledged, until it is killed.
    const script = join(folder, 'writer.mjs');
    const module = new URL('./sqlite-event-log.ts', import.meta.url).href;
    await writeFile(
      script,
      `import { createSqliteEventLog } from ${JSON.stringify(module)};
       const log = createSqliteEventLog({ path: ${JSON.stringify(path)}, epoch: 'e1' });
       for (;;) {
         const events = await Promise.all(Array.from({ length: 7 }, () => log.append('a', { type: 'message', data: 'x' })));
         process.stdout.write(events.map(({ id }) => id + '\\n').join(''));
       }`,
    );
    const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const acknowledged: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      acknowledged.push(line);
      if (acknowledged.length === 2_000) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    const log = createSqliteEventLog({ path });
    const held = new Set((await readAll(log, 'a')).events.map(({ id }) => id));
    expect(acknowledged.length).toBeGreaterThanOrEqual(2_000);
    expect(acknowledged.filter((id) => !held.has(id))).toEqual([]);
    await log.close();
  });

  it('refuses a file that another process has open, and one that is no log', async () => {
    const log = createSqliteEventLog({ path });
    expect(() => createSqliteEventLog({ path })).toThrow(/no other process has open/);
    await log.close();
    await writeFile(join(folder, 'text'), 'Not a database, and longer than its header would be.'.repeat(50));
    expect(() => createSqliteEventLog({ path: join(folder, 'text') })).toThrow(/give it a file/);
    expect(() => createSqliteEventLog({ path: join(folder, 'missing', 'x.db') })).toThrow(/give it a file/);
    expect(() => createSqliteEventLog({ path, maxEvents: 0 })).toThrow(/maxEvents/);
  });

  it('keeps what it had taken when it is closed in the same tick', async () => {
    const log = createSqliteEventLog({ path, epoch: 'e1' });
    const append = log.append('a', entry);
    await log.close();
    expect(await append).toMatchObject({ id: 'e1-1' });
    const again = createSqliteEventLog({ path });
    expect(await again.position()).toEqual({ epoch: 'e1', sequence: 1 });
    await again.close();
  });

  it('tells a gap that may be none once it has forgotten the topic, and never hides one (PROTOCOL 5.4)', async () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const random = createRandom(seed);
      const log = createSqliteEventLog({ path: ':memory:', epoch: 'e1', maxEvents: 20, maxTrimmedTopics: 3 });
      const all: string[] = [];
      for (let count = 0; count < 150; count += 1) {
        const topic = `t${Math.floor(random() ** 2 * 10)}`;
        all.push(topic);
        await log.append(topic, entry);
        const wanted = `t${Math.floor(random() * 10)}`;
        const after = Math.floor(random() * (all.length + 1));
        const page = await readAll(log, wanted, `e1-${after}`);
        const sequences = all.flatMap((name, index) => (name === wanted && index >= after ? [index + 1] : []));
        const held = sequences.filter((sequence) => sequence > all.length - 20);
        if (held.length < sequences.length) expect(page.gap?.reason).toBe('trimmed');
        if (page.gap === undefined) expect(page.events.map(({ sequence }) => sequence)).toEqual(held);
      }
      await log.close();
    }
  });
});
