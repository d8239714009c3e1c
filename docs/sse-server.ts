import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request, as the server got it. */
export interface Received {
  readonly method: string | undefined;
  readonly token: string | undefined;
  readonly lastEventId: string | undefined;
  readonly body: string;
}

/**
 * A server of event streams with nothing of ours in it: the first answer goes to the first request, and so on; a number is a status that
 * opens none, and what is over is 204.
 */
export async function serveStreams(
  ...answers: readonly (string | number)[]
): Promise<{ readonly origin: string; readonly received: readonly Received[]; close(): Promise<void> }> {
  const received: Received[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const lastEventId = request.headers['last-event-id'];
    received.push({
      method: request.method,
      token: request.headers.authorization,
      lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
      body,
    });
    const next = answers[received.length - 1] ?? 204;
    response.writeHead(typeof next === 'number' ? next : 200, { 'Content-Type': 'text/event-stream' });
    response.end(typeof next === 'number' ? undefined : next);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
