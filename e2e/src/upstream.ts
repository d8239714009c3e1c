import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A simulated OpenAI-compatible API: the wire format alone. */
export interface Upstream {
  readonly baseUrl: string;
  end(): void;
}

/** @param answer called with each response once its head is written. */
export async function startUpstream(answer: (response: ServerResponse) => void): Promise<Upstream> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    answer(response);
  }).listen(0, 'localhost');
  await once(server, 'listening');
  return {
    baseUrl: `http://localhost:${(server.address() as AddressInfo).port}/v1`,
    end() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A piece of an answer, as such an API writes it. */
export function chunk(content: string): string {
  return `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
}
