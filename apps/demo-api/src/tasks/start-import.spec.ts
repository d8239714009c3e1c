import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { maxChunksOnTheWay, startImport } from './start-import.ts';

describe('an import in its thread', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'import-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('never has more on its way than its bound, however fast the file comes', async () => {
    let taken = 0;
    let handedOver = 0;
    let most = 0;
    const chunk = new TextEncoder().encode('1,2\n'.repeat(16_000));
    const running = startImport({
      path: join(folder, 'rows.sqlite'),
      onProgress({ bytes }) {
        taken = bytes;
      },
    });
    await running.write(new TextEncoder().encode('a,b\n'));
    for (let count = 0; count < 60; count += 1) {
      expect(await running.write(chunk)).toBe(true);
      handedOver += chunk.byteLength;
      most = Math.max(most, handedOver - taken);
    }
    running.end();
    expect(await running.outcome).toEqual({ kind: 'completed' });
    expect(most).toBeLessThanOrEqual((maxChunksOnTheWay + 1) * chunk.byteLength);
    // The bound was what held it back.
    expect(most).toBeGreaterThan(chunk.byteLength);
  });

  it('wants no more once it is over, and says why it is', async () => {
    const running = startImport({ path: join(folder, 'rows.sqlite'), onProgress: () => undefined });
    await running.write(new TextEncoder().encode('one\n'));
    running.end();
    expect(await running.outcome).toMatchObject({ kind: 'failed', line: 1 });
    expect(await running.write(new TextEncoder().encode('more'))).toBe(false);
    running.end();
  });

  it('that cannot store its rows says so', async () => {
    const running = startImport({ path: join(folder, 'nowhere', 'rows.sqlite'), onProgress: () => undefined });
    await running.write(new TextEncoder().encode('a,b\n1,2\n'));
    running.end();
    expect(await running.outcome).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('stored') as string,
    });
  });

  it('stops in the middle', async () => {
    const running = startImport({ path: join(folder, 'rows.sqlite'), onProgress: () => undefined });
    await running.write(new TextEncoder().encode('a,b\n1,2\n'));
    running.stop({ kind: 'cancelled' });
    expect(await running.outcome).toEqual({ kind: 'cancelled' });
  });
});
