import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alice, type SampleUser } from './stack.ts';
import type { Visitor } from './visitor.ts';
import { withStack } from './with-stack.ts';

describe('the import of a CSV', () => {
  const world = withStack();

  async function importFile(user: SampleUser, name: string, text: string): Promise<Visitor> {
    const visitor = await world.arrive();
    await visitor.signIn(user, '/tasks');
    await visitor.page.getByLabel('CSV file').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
    await visitor.button('Import').click();
    return visitor;
  }

  it('shows its progress, and how many rows there were in the end', async () => {
    const rows = Array.from({ length: 20_000 }, (_, row) => `${row},name ${row},${row * 2}`);
    const visitor = await importFile(alice, 'orders.csv', `id,name,amount\n${rows.join('\n')}\n`);
    await visitor.page.locator('[data-task-status="completed"]').waitFor();
    expect((await visitor.page.locator('[data-rows]').first().textContent())?.replaceAll(/\D/g, '')).toBe('20000');
  });

  it('follows one of two, and then the other', async () => {
    const tasks = ['first.csv', 'second.csv'].map((name) => ({ name, sizeBytes: 1_000 }));
    for (const task of tasks) await world.stack.call(alice, 'POST', '/tasks', task);
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/tasks');
    const followed = (name: string): Promise<void> => visitor.page.locator('#task').getByText(name).waitFor();
    await followed('second.csv');
    await visitor.button('Follow first.csv').click();
    await followed('first.csv');
    for (const next of ['second.csv', null]) {
      await visitor.button('Cancel').click();
      await visitor.page.locator('[data-task-status="cancelled"]').waitFor();
      if (next !== null) await visitor.button(`Follow ${next}`).click();
    }
  });

  it('reports the line of a wrong file, and imports the next one', async () => {
    const visitor = await importFile(alice, 'broken.csv', 'id,name\n1,one\n2,two,too many\n');
    await visitor.page.locator('[data-task-status="failed"]').waitFor();
    await visitor.page
      .getByText(/line 3/i)
      .first()
      .waitFor();
    await visitor.page
      .getByLabel('CSV file')
      .setInputFiles({ name: 'good.csv', mimeType: 'text/csv', buffer: Buffer.from('id,name\n1,one\n') });
    await visitor.button('Import').click();
    await visitor.page.locator('[data-task-status="completed"]').waitFor();
  });

  it('resumes after a reload of the page, once the same file is chosen again', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(alice, '/tasks');
    const rows = 300_000;
    const folder = await mkdtemp(join(tmpdir(), 'sillage-csv-'));
    const path = join(folder, 'reloaded.csv');
    await writeFile(path, `id,n\n${'1,2\n'.repeat(rows)}`);
    await visitor.uploadAt(300_000);
    await visitor.page.getByLabel('CSV file').setInputFiles(path);
    await visitor.button('Import').click();
    await expect.poll(() => visitor.importedRows()).toBeGreaterThan(10_000);
    const asked: string[] = [];
    await visitor.page.reload();
    await visitor.page.locator('[data-interruption="file-wanted"]').waitFor();
    visitor.page.on('request', (request) => {
      if (request.method() === 'PATCH') asked.push(request.headers()['upload-offset'] ?? '');
    });
    await visitor.uploadAt(100_000_000);
    await visitor.page.getByLabel('CSV file').setInputFiles(path);
    await visitor.button('Import').click();
    await visitor.page.locator('[data-task-status="completed"]').waitFor();
    expect(await visitor.importedRows()).toBe(rows);
    // Not from the beginning.
    expect(Number(asked[0])).toBeGreaterThan(40_000);
    await rm(folder, { recursive: true });
  });

  it('describes why a file is not a CSV file', async () => {
    const visitor = await importFile(alice, 'picture.csv', '\u0000\u0001\u0002PNG\u0000'.repeat(1_000));
    await visitor.page.locator('[data-task-status="failed"]').waitFor();
    await visitor.page.getByText('Line 1 cannot be imported: it holds binary data').waitFor();
  });
});
