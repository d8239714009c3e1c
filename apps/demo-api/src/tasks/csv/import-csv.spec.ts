import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../seeded-random.ts';
import { CsvFailure } from './csv-failure.ts';
import { createCsvImport } from './import-csv.ts';

const values = ['plain', 'é', '日本', '🙂', '"two\nlines"', '"two\r\nlines"', '"a "" quote"', '"a;b,c"', '', '"é\n🙂"'];
const lineEnds = ['\n', '\r\n', '\r'];

/** A file of many kinds of rows, and line ends of one kind or of all. */
function writeFile(random: () => number, delimiter: string, rows = 40): { content: Buffer; wrongLine: number } {
  const pick = <T>(among: readonly T[]): T => among[Math.floor(random() * among.length)] as T;
  const ends = random() < 0.5 ? lineEnds : [pick(lineEnds)];
  let text = `${random() < 0.5 ? '\ufeff' : ''}"first"${delimiter}"ö\nz"${delimiter}last${pick(ends)}`;
  for (let row = 0; row < rows; row += 1) {
    const cells = [row, pick(values), pick(values)];
    text += `${cells.join(delimiter)}${pick(ends)}${random() < 0.1 ? pick(ends) : ''}`;
  }
  // A CR before an LF is one end with it.
  return { content: Buffer.from(text), wrongLine: text.split(/\r\n|\r|\n/).length };
}

describe('an import that was stopped', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'csv-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function* cut(content: Buffer, from: number, to: number, random: () => number): AsyncGenerator<Uint8Array> {
    for (let at = from; at < to;) {
      const end = Math.min(to, at + 1 + Math.floor(random() * 30));
      yield await Promise.resolve(content.subarray(at, end));
      at = end;
    }
    if (to < content.byteLength) throw new Error('stopped');
  }

  /** Imports with a stop at each of these places, each time by another import. */
  async function importWithStops(name: string, content: Buffer, stops: readonly number[], random: () => number) {
    const path = join(folder, name);
    for (const stop of [...stops, content.byteLength]) {
      const csvImport = createCsvImport(path, { rowsPerCommit: 3 });
      const run = csvImport.run(cut(content, csvImport.keptBytes, Math.max(stop, csvImport.keptBytes), random));
      try {
        await run;
      } catch (error) {
        if (!(error instanceof Error) || error.message !== 'stopped') throw error;
      } finally {
        csvImport.close();
      }
    }
    const database = new DatabaseSync(path, { readOnly: true });
    const stored = [
      database.prepare('SELECT * FROM rows').all(),
      database.prepare('SELECT bytes, lines, rows FROM checkpoint').get(),
    ];
    database.close();
    return stored;
  }

  it.each(Array.from({ length: 20 }, (_, seed) => [seed]))(
    'has the same rows as one that was not (seed %i)',
    async (seed) => {
      const random = createRandom(seed);
      const { content } = writeFile(random, [',', ';', '\t'][seed % 3] ?? ',');
      const whole = await importWithStops(`whole-${seed}`, content, [], random);
      expect(whole[0]).toHaveLength(40);
      // Without a byte order mark.
      expect(Object.keys((whole[0] as object[])[0] ?? {})).toEqual(['first', 'ö\nz', 'last']);
      const places = Array.from({ length: 6 }, () => Math.floor(random() * content.byteLength)).sort((a, b) => a - b);
      expect(await importWithStops(`stopped-${seed}`, content, places, random)).toEqual(whole);
    },
  );

  it('at any byte has the same rows', { timeout: 20_000 }, async () => {
    const random = createRandom(1);
    const { content } = writeFile(random, ',', 4);
    const whole = await importWithStops('whole', content, [], random);
    for (let stop = 0; stop < content.byteLength; stop += 1) {
      expect(await importWithStops(`at-${stop}`, content, [stop], random)).toEqual(whole);
    }
  });

  it.each(Array.from({ length: 10 }, (_, seed) => [seed]))('tells the line that is wrong (seed %i)', async (seed) => {
    const random = createRandom(100 + seed);
    const { content, wrongLine } = writeFile(random, ',');
    const wrong = Buffer.concat([content, Buffer.from('too,few\n')]);
    const stop = Math.floor(random() * wrong.byteLength);
    const failure = await importWithStops(`wrong-${seed}`, wrong, [stop], random).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CsvFailure);
    expect(failure).toMatchObject({
      line: wrongLine,
      reason: { code: 'inconsistent-columns', found: 2, expected: 3 },
    });
  });
});
