import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startImport, type RunningImport } from './start-import.ts';

describe('an import in its thread', () => {
  let folder: string;
  let filePath: string;
  let databasePath: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'import-'));
    filePath = join(folder, 'rows.csv');
    databasePath = join(folder, 'rows.sqlite');
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Starts one, and says when it has taken so many bytes. */
  function start(): { running: RunningImport; taken: (bytes: number) => Promise<void> } {
    let at = -1;
    let wake = Promise.withResolvers<undefined>();
    const running = startImport({
      filePath,
      databasePath,
      onProgress({ bytes }) {
        at = bytes;
        wake.resolve(undefined);
        wake = Promise.withResolvers();
      },
    });
    return {
      running,
      async taken(bytes) {
        while (at < bytes) await wake.promise;
      },
    };
  }
  function storedRows(): unknown {
    const database = new DatabaseSync(databasePath, { readOnly: true });
    try {
      return database.prepare('SELECT count(*) AS count, sum(a) AS sum FROM rows').get();
    } finally {
      database.close();
    }
  }

  it('reads a file while it grows', async () => {
    const { running, taken } = start();
    const parts = ['a,b\n1,', '2\n2,"3', '"\n'];
    let bytes = 0;
    for (const part of parts) {
      await appendFile(filePath, part);
      bytes += part.length;
      running.grow(bytes, 'part');
      await taken(bytes);
    }
    running.grow(bytes, 'whole');
    expect(await running.outcome).toEqual({ kind: 'completed', rows: 2 });
    expect(storedRows()).toEqual({ count: 2, sum: 3 });
  });

  it('finds a wrong line before the file is whole', async () => {
    await writeFile(filePath, `a,b\n1,2\n1,2,3\n${'1,2\n'.repeat(20_000)}`);
    const { running } = start();
    running.grow(80_000, 'part');
    expect(await running.outcome).toMatchObject({
      kind: 'failed',
      failure: { code: 'inconsistent-columns', line: 3, found: 3, expected: 2 },
    });
  });

  it('continues where it was stopped, and imports every row once', async () => {
    const rows = 50_000;
    const content = `a,b\n${Array.from({ length: rows }, (_, row) => `${row},x\n`).join('')}`;
    await writeFile(filePath, content);
    const first = start();
    first.running.grow(content.length - 100_000, 'part');
    await first.taken(content.length - 100_000);
    await first.running.stop();
    expect(await first.running.outcome).toEqual({ kind: 'stopped' });
    let begunAt = 0;
    const second = startImport({ filePath, databasePath, onProgress: ({ bytes }) => (begunAt ||= bytes) });
    second.grow(content.length, 'whole');
    expect(await second.outcome).toEqual({ kind: 'completed', rows });
    // Not from the beginning.
    expect(begunAt).toBeGreaterThan(content.length / 4);
    expect(storedRows()).toEqual({ count: rows, sum: (rows * (rows - 1)) / 2 });
  });

  it('that cannot store its rows says so', async () => {
    databasePath = join(folder, 'nowhere', 'rows.sqlite');
    expect(await start().running.outcome).toMatchObject({ kind: 'failed', failure: { code: 'not-stored' } });
  });
});
