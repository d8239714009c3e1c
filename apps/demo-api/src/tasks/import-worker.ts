import { on } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { CsvFailure } from './csv-failure.ts';
import { createCsvImport } from './import-csv.ts';
import type { FromWorker, ImportOrder, ToWorker } from './import-messages.ts';

// A thread of its own: parsing and writing never let go of the event loop, which streams to everybody else.
if (parentPort === null) throw new Error('This is a worker: start it with startImport().');
const port = parentPort;
const tell = (message: FromWorker): void => port.postMessage(message);
const csvImport = createCsvImport((workerData as ImportOrder).path);

/** What was sent. A chunk counts as taken when the next one is asked for. */
async function* chunks(): AsyncGenerator<Uint8Array> {
  for await (const [message] of on(port, 'message') as AsyncIterable<[ToWorker]>) {
    if (message.kind === 'end') return;
    yield message.bytes;
    tell({ kind: 'taken', bytes: message.bytes.byteLength, rows: csvImport.rows });
  }
}

try {
  tell({ kind: 'completed', rows: await csvImport.run(chunks()) });
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  const { rows } = csvImport;
  if (error instanceof CsvFailure) tell({ kind: 'failed', rows, line: error.line, reason });
  // The header, and the rows that went in.
  else tell({ kind: 'failed', rows, line: rows + 1, reason: `it could not be stored: ${reason}` });
}
port.close();
