import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registerEventLogContract } from './event-log-contract.fixture.ts';
import type { EventLog } from '../events/event-log.ts';
import { createRandom, settle } from '../core/tick.fixture.ts';
import { createSqliteEventLog } from './sqlite-event-log.ts';
import { eventsOfTopicQuery, sequencesOfTopicQuery, trimmedByTopicQuery } from './sqlite-queries.ts';

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

  it('continues without a gap after a restart, with what it held and what it had removed', async () => {
    const before = createSqliteEventLog({ path, epoch: 'e1', maxEvents: 3 });
    for (const topic of ['a', 'b', 'b', 'b']) await before.append(topic, { ...entry, retry: 5 });
    await before.close();
    const after = createSqliteEventLog({ path, maxEvents: 3 });
    const { epoch, sequence } = await after.position();
    expect(sequence).toBe(4);
    expect(epoch).toMatch(/^[0-9a-z]{12}$/);
    expect((await readAll(after, 'b', 'e1-1')).gap).toBeUndefined();
    expect((await readAll(after, 'b', 'e1-1')).events).toHaveLength(3);
    expect((await readAll(after, 'b', 'e1-2')).events[0]).toMatchObject({ id: `${epoch}-3`, retry: 5 });
    expect((await readAll(after, 'b', 'e1-4')).events).toEqual([]);
    expect((await readAll(after, 'a', 'e1-0')).gap?.reason).toBe('trimmed');
    expect(await after.append('a', entry)).toMatchObject({ id: `${epoch}-5` });
    await after.close();
  });

  it('continues over many restarts, from a position of any of them', async () => {
    const positions: string[] = [];
    for (let restart = 0; restart < 6; restart += 1) {
      const log = createSqliteEventLog({ path });
      for (const [index, position] of positions.entries()) {
        const page = await readAll(log, 'a', position);
        expect(page.gap).toBeUndefined();
        expect(page.events).toHaveLength(2 * (restart - index - 1));
      }
      await log.append('a', entry);
      positions.push((await log.append('a', entry)).id);
      await log.close();
    }
    expect(new Set(positions.map((position) => position.split('-')[0])).size).toBe(6);
  });

  it('tells a gap to a client that is ahead of a file which was put back to an earlier state', async () => {
    const first = createSqliteEventLog({ path, epoch: 'e1' });
    for (let count = 0; count < 5; count += 1) await first.append('a', entry);
    await first.close();
    await copyFile(path, `${path}.backup`);
    const second = createSqliteEventLog({ path });
    const lost = await second.append('a', entry);
    await second.close();
    await copyFile(`${path}.backup`, path);
    // More than were lost, so that their numbers are used again.
    const restored = createSqliteEventLog({ path });
    for (let count = 0; count < 5; count += 1) await restored.append('a', { type: 'message', data: 'new' });
    expect((await readAll(restored, 'a', lost.id)).gap?.reason).toBe('epoch');
    const kept = await readAll(restored, 'a', 'e1-5');
    expect([kept.gap, kept.events.map(({ data }) => data)]).toEqual([
      undefined,
      Array.from({ length: 5 }, () => 'new'),
    ]);
    await restored.close();
  });

  it('tells a gap to a client that is ahead of a file which lost its tail in a power cut', async () => {
    const log = createSqliteEventLog({ path, epoch: 'e1', synchronous: 'normal' });
    for (let count = 0; count < 5; count += 1) await log.append('a', entry);
    // What the disk had at that moment; the rest was in the machine's memory.
    const onDisk = join(folder, 'on-disk.db');
    await copyFile(path, onDisk);
    await copyFile(`${path}-wal`, `${onDisk}-wal`);
    for (let count = 0; count < 5; count += 1) await log.append('a', entry);
    await log.close();
    const after = createSqliteEventLog({ path: onDisk });
    for (let count = 0; count < 10; count += 1) await after.append('a', { type: 'message', data: 'new' });
    expect((await readAll(after, 'a', 'e1-5')).gap).toBeUndefined();
    for (const sequence of [6, 10]) expect((await readAll(after, 'a', `e1-${sequence}`)).gap?.reason).toBe('epoch');
    await after.close();
  });

  it('takes over a file of the first schema', async () => {
    const old = new DatabaseSync(path);
    old.exec(`
      CREATE TABLE history (epoch TEXT NOT NULL, forgotten_through INTEGER NOT NULL) STRICT;
      INSERT INTO history VALUES ('old', 1);
      CREATE TABLE events (
        sequence INTEGER PRIMARY KEY, topic TEXT NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL, retry INTEGER
      ) STRICT;
      INSERT INTO events VALUES (3, 'a', 'message', 'x', NULL), (4, 'a', 'message', 'y', NULL);
      CREATE INDEX events_by_topic ON events (topic, sequence);
      CREATE TABLE trimmed (topic TEXT PRIMARY KEY, through INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      INSERT INTO trimmed VALUES ('b', 2);
      CREATE INDEX trimmed_by_place ON trimmed (through);
      PRAGMA user_version = 1;`);
    old.close();
    const log = createSqliteEventLog({ path });
    expect((await readAll(log, 'a', 'old-3')).events.map(({ data }) => data)).toEqual(['y']);
    expect((await readAll(log, 'b', 'old-1')).gap?.reason).toBe('trimmed');
    expect((await readAll(log, 'forgotten', 'old-0')).gap?.reason).toBe('trimmed');
    expect((await readAll(log, 'forgotten', 'old-1')).gap).toBeUndefined();
    expect((await readAll(log, 'a', 'old-5')).gap?.reason).toBe('epoch');
    await log.close();
    const newer = new DatabaseSync(path);
    newer.exec('PRAGMA user_version = 99');
    newer.close();
    expect(() => createSqliteEventLog({ path })).toThrow(/another version \(schema 99\)/);
  });

  it('remembers the keys of batches over a restart', async () => {
    const batch = { key: 'k', fingerprint: 'f', events: [{ topic: 'a', entry: { type: 'message', data: '1' } }] };
    const first = createSqliteEventLog({ path, epoch: 'e1' });
    await first.appendOnce?.(batch);
    await first.close();
    const second = createSqliteEventLog({ path });
    expect(await second.appendOnce?.(batch)).toEqual({ ids: ['e1-1'], isRepeat: true });
    await second.close();
  });

  it('stores all events of a tick or none, and keeps the sequence dense', async () => {
    const log = createSqliteEventLog({ path: ':memory:', epoch: 'e1', maxEvents: 2, maxTrimmedTopics: 1 });
    for (const topic of ['a', 'b', 'c', 'd']) await log.append(topic, entry);
    const unwritable = { type: 'message', data: {} as string };
    const results = await Promise.allSettled([
      log.append('e', entry),
      log.append('f', unwritable),
      log.append('g', entry),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await log.position()).toEqual({ epoch: 'e1', sequence: 4 });
    expect(await log.append('h', entry)).toMatchObject({ id: 'e1-5' });
    expect((await readAll(log, 'h', 'e1-4')).events).toHaveLength(1);
    expect((await readAll(log, 'e', 'e1-4')).events).toEqual([]);
    expect((await readAll(log, 'c', 'e1-2')).gap?.reason).toBe('trimmed');
  });

  describe('looks events up rather than scan for them', () => {
    const plan = (query: string, ...values: (string | number)[]): string => {
      const database = new DatabaseSync(path);
      const rows = database.prepare(`EXPLAIN QUERY PLAN ${query}`).all(...values) as { detail: string }[];
      database.close();
      return rows.map(({ detail }) => detail).join('; ');
    };
    beforeEach(async () => {
      const log = createSqliteEventLog({ path });
      for (let count = 0; count < 100; count += 1) await log.append(`t${count % 10}`, entry);
      await log.close();
    });

    it.each([
      ['the events to trim', trimmedByTopicQuery, [5], /SEARCH events USING INTEGER PRIMARY KEY \(rowid<\?\)/],
      ['a page of a topic', eventsOfTopicQuery, ['t1', 5, 10], /^SEARCH events USING INDEX events_by_topic/],
      [
        'the sequences of a topic',
        sequencesOfTopicQuery,
        ['t1', 5, 10],
        /^SEARCH events USING COVERING INDEX events_by_topic/,
      ],
    ])('%s', (_what, query, values, expected) => {
      expect(plan(query, ...values)).toMatch(expected);
      expect(plan(query, ...values)).not.toContain('SCAN events');
    });
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
    const held = new Set((await readAll(log, 'a', 'e1-0')).events.map(({ sequence }) => `e1-${sequence}`));
    expect(acknowledged.length).toBeGreaterThanOrEqual(2_000);
    expect(acknowledged.filter((id) => !held.has(id))).toEqual([]);
    expect((await readAll(log, 'a', acknowledged.at(-1))).gap).toBeUndefined();
    await log.close();
  });

  it('refuses a file that another process has open, and one that is not a log', async () => {
    const log = createSqliteEventLog({ path });
    expect(() => createSqliteEventLog({ path })).toThrow(/no other process has open/);
    await log.close();
    await writeFile(join(folder, 'text'), 'Not a database, and longer than its header would be.'.repeat(50));
    expect(() => createSqliteEventLog({ path: join(folder, 'text') })).toThrow(/Give it a file/);
    expect(() => createSqliteEventLog({ path: join(folder, 'missing', 'x.db') })).toThrow(/Give it a file/);
    expect(() => createSqliteEventLog({ path, maxEvents: 0 })).toThrow(/maxEvents/);
  });

  it('keeps the events that it accepted when it is closed in the same tick', async () => {
    const log = createSqliteEventLog({ path, epoch: 'e1' });
    const append = log.append('a', entry);
    await log.close();
    expect(await append).toMatchObject({ id: 'e1-1' });
    const again = createSqliteEventLog({ path });
    expect(await again.position()).toMatchObject({ sequence: 1 });
    await again.close();
  });

  it('may tell a gap without need once it has forgotten the topic, and never hides one (PROTOCOL 5.4)', async () => {
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
