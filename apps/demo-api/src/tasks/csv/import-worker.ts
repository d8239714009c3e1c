import { parentPort, workerData } from 'node:worker_threads';
import { CsvFailure } from './csv-failure.ts';
import { describeFailure } from './describe-failure.ts';
import { createGrowingFile } from './growing-file.ts';
import { createCsvImport, type CsvImport } from './import-csv.ts';
import type { FromWorker, ImportOrder, ToWorker } from './import-messages.ts';

// A separate thread: parsing and writing would block the event loop, and with it all streams.
if (parentPort === null) throw new Error('This is a worker: start it with startImport().');
const port = parentPort;
const tell = (message: FromWorker): void => port.postMessage(message);
const { filePath, databasePath } = workerData as ImportOrder;
const file = createGrowingFile(filePath);
port.on('message', ({ bytes, extent }: ToWorker) => file.grow(bytes, extent));

/** The file's chunks. A chunk counts as imported when the next one is requested. */
async function* chunksFor(csvImport: CsvImport): AsyncGenerator<Uint8Array> {
  let bytes = csvImport.keptBytes;
  tell({ kind: 'progress', bytes, rows: csvImport.rows });
  for await (const chunk of file.read(bytes)) {
    yield chunk;
    bytes += chunk.byteLength;
    tell({ kind: 'progress', bytes, rows: csvImport.rows });
  }
}

let csvImport: CsvImport | undefined;
try {
  csvImport = createCsvImport(databasePath);
  await csvImport.run(chunksFor(csvImport));
  csvImport.close();
  tell({ kind: 'completed', rows: csvImport.rows });
} catch (error) {
  const rows = csvImport?.rows ?? 0;
  if (error instanceof CsvFailure) tell({ kind: 'failed', rows, failure: describeFailure(error.reason, error.line) });
  else {
    const detail = error instanceof Error ? error.message : String(error);
    // The header, and the rows that went in.
    tell({ kind: 'failed', rows, failure: describeFailure({ code: 'not-stored', detail }, rows + 1) });
  }
}
port.close();
