import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EndpointRequest, Exchange, SessionTransport } from '../http/index.ts';

/** What frameworks on `node:http` add to a request. */
interface MountedRequest extends IncomingMessage {
  /** The URL before a router cut its mount path off. */
  readonly originalUrl?: string;
}

/**
 * Makes an exchange of a request and response of `node:http`.
 *
 * @example createServer((request, response) => void endpoint.stream(createNodeExchange(request, response), { topics: ['news'] }))
 */
export function createNodeExchange<Native extends IncomingMessage>(
  native: Native,
  response: ServerResponse,
): Exchange<Native> {
  return { native, request: readNodeRequest(native), transport: createNodeTransport(native, response) };
}

export function readNodeRequest(native: IncomingMessage): EndpointRequest {
  const { originalUrl, url = '/', headers, method = 'GET' }: MountedRequest = native;
  const target = originalUrl ?? url;
  const queryAt = target.indexOf('?');
  return {
    method,
    path: queryAt === -1 ? target : target.slice(0, queryAt),
    query: new URLSearchParams(queryAt === -1 ? '' : target.slice(queryAt)),
    header(name) {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
  };
}

function createNodeTransport(request: IncomingMessage, response: ServerResponse): SessionTransport {
  // A response that breaks reports it by `close` as well; without a listener, `error` would end the process.
  response.on('error', () => undefined);
  const isOver = (): boolean => response.destroyed || response.writableEnded || request.socket.destroyed;

  return {
    get isClosed() {
      return response.destroyed || response.writableFinished || request.socket.destroyed;
    },
    get unsentBytes() {
      return response.writableLength;
    },
    start(status, headers) {
      if (isOver() || response.headersSent) return;
      if (request.httpVersionMajor < 2) {
        // An event is small, and waits for no other one. A stream is silent for as long as it likes.
        request.socket.setNoDelay(true);
        request.socket.setTimeout(0);
        request.socket.setKeepAlive(true, 30_000);
      }
      const { Vary: vary, ...others } = headers;
      // Beside what the application varies by, and not twice.
      const varies = String(response.getHeader('Vary') ?? '')
        .toLowerCase()
        .split(/, */);
      if (vary !== undefined && !varies.includes(vary.toLowerCase())) response.appendHeader('Vary', vary);
      response.writeHead(status, others);
      response.flushHeaders();
    },
    write: (bytes) => (isOver() ? false : response.write(bytes)),
    end() {
      if (!isOver()) response.end();
    },
    destroy() {
      response.destroy();
    },
    onClose(listener) {
      response.once('close', listener);
      return () => void response.off('close', listener);
    },
    onDrain(listener) {
      response.on('drain', listener);
      return () => void response.off('drain', listener);
    },
  };
}
