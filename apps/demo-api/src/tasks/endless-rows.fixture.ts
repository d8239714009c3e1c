import { setImmediate as turn } from 'node:timers/promises';

/**
 * A CSV file that ends only when `stop` is called. It waits between chunks: undici keeps reading the body of a request that has ended (its
 * `processBodyChunk` returns, its loop does not), and would block the event loop otherwise.
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
