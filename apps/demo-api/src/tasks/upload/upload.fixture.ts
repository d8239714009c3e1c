import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Upload } from 'tus-js-client';

export const partHeaders = { 'Tus-Resumable': '1.0.0', 'Content-Type': 'application/offset+octet-stream' };

/** A file of many rows with multi-byte characters. */
export function createRows(count: number): Buffer {
  const rows = Array.from({ length: count }, (_, id) => `${id},"été ${id}"\r\n`);
  return Buffer.from(`id,name\r\n${rows.join('')}`);
}

/** What the database contains if each row of {@link createRows} was stored once. */
export function storedRows(count: number): unknown {
  return { count, ids: count, sum: (count * (count - 1)) / 2, last: `été ${count - 1}` };
}

/** What the database of a task contains. */
export function readStored(folder: string, taskId: string): unknown {
  const database = new DatabaseSync(join(folder, 'imports', `${taskId}.sqlite`), { readOnly: true });
  try {
    return database
      .prepare(
        `SELECT count(*) AS count, count(DISTINCT id) AS ids, sum(CAST(id AS INTEGER)) AS sum,
          (SELECT name FROM rows ORDER BY rowid DESC LIMIT 1) AS last FROM rows`,
      )
      .get();
  } finally {
    database.close();
  }
}

/** A body that sends these bytes, and then neither continues nor ends. */
export function createHaltingBody(content: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.enqueue(content) });
}

/** Sends a file with the client of the tus project, which resumes at the offset that the API returns, as often as needed. */
export function resumeUpload(uploadUrl: string, content: Buffer, token: string): Promise<void> {
  return new Promise((resolve, reject) => {
    new Upload(content, {
      uploadUrl,
      chunkSize: 256 * 1_024,
      retryDelays: Array.from({ length: 1_000 }, () => 20),
      headers: { Authorization: `Bearer ${token}` },
      onSuccess: () => resolve(),
      onError: reject,
    }).start();
  });
}
