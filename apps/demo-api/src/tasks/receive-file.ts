import type { Request } from 'express';
import type { RunningImport } from './start-import.ts';

/** A client that sends nothing for so long is gone. */
const silenceMs = 60_000;
/** What is still read, and thrown away, of a file that is not wanted any more: enough for a client to get to the answer. */
const maxDiscardedBytes = 64 * 2 ** 20;

/** Hands a request's body over to an import, at the import's pace. Resolves once there is nothing more to hand over. */
export async function receiveFile(request: Request, running: RunningImport): Promise<void> {
  request.setTimeout(silenceMs, () => request.destroy());
  try {
    // The request outlives the loop: its answer is still to come.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (await running.write(chunk)) continue;
      discardRest(request);
      return;
    }
    running.end();
  } catch {
    // Whatever broke it off, there is no more of the file to come.
    running.stop({ kind: 'failed', line: 0, reason: 'the upload broke off: send the file again.' });
  }
}

function discardRest(request: Request): void {
  let left = maxDiscardedBytes;
  request.on('error', () => undefined);
  request.on('data', (chunk: Buffer) => {
    left -= chunk.byteLength;
    if (left < 0) request.destroy();
  });
}
