import { setImmediate as turn } from 'node:timers/promises';

/**
 * A CSV file without an end, until it is told to have one: undici goes on reading the body of a request that is over, so that one that
 * never waits would not let anything else happen (its `processBodyChunk` returns, and its loop does not).
 */
export function createEndlessRows(): { readonly body: ReadableStream<Uint8Array>; stop(): void } {
  const rows = new TextEncoder().encode('1,2\n'.repeat(5_000));
  let isFirst = true;
  let isStopped = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await turn();
      controller.enqueue(isFirst ? new TextEncoder().encode('a,b\n') : rows);
      isFirst = false;
      if (isStopped) controller.close();
    },
  });
  return {
    body,
    stop() {
      isStopped = true;
    },
  };
}
