import type { AccessRequirements } from '../auth/index.ts';
import { sendRefusal, unknownStream } from '../http/index.ts';
import type { EndpointRequest, Exchange, Refusal } from '../http/index.ts';
import type { Carrier } from './carrier.ts';

/** One stream of a multiplexed request. */
export interface WantedStream {
  readonly key: string;
  /** Relative to where the streams are. */
  readonly pathname: string;
  readonly query: string;
  readonly after: string | undefined;
}

/** The body of a multiplexed request, and everything in it, is small. */
export const maxBodyBytes = 262_144;
const maxPathChars = 2_048;

export const malformedSet: Refusal = {
  status: 400,
  code: 'invalid-multiplex-request',
  title: 'Invalid request',
  detail: 'The body must be {"streams": {"<key>": {"path": "/…", "after": "<last event ID>"}}}: see PROTOCOL 10.1.',
};

export const bodyTooLarge: Refusal = {
  status: 413,
  code: 'body-too-large',
  title: 'Content too large',
  detail: `A multiplexed request has at most ${maxBodyBytes} bytes. Request fewer streams.`,
};

/** How {@link StreamEndpoint.multiplex} answers. */
export interface MultiplexOptions<Native> extends AccessRequirements {
  /** Streams of one connection. @default 100 */
  readonly maxStreams?: number;
  /** What was removed from the path of the request, and is in front of the paths of the streams too. */
  readonly prefix: string;
  /** Answers the request for one stream; resolves with `'no-stream'` if there is none at that path. Must not reject. */
  readonly handle: (exchange: Exchange<Native>, pathname: string) => Promise<'handled' | 'no-stream'>;
}

/** Reads the body of a multiplexed request (PROTOCOL 10.1). `undefined` if it is malformed or has more than `maxStreams`. */
export function readWantedStreams(body: unknown, maxStreams: number): readonly WantedStream[] | undefined {
  const { streams } = (body ?? {}) as { streams?: unknown };
  if (typeof streams !== 'object' || streams === null) return undefined;
  const entries = Object.entries(streams);
  if (entries.length === 0 || entries.length > maxStreams) return undefined;
  const wanted: WantedStream[] = [];
  for (const [key, value] of entries) {
    const { path, after } = (value ?? {}) as { path?: unknown; after?: unknown };
    if (!/^[0-9a-z]{1,8}$/.test(key) || typeof path !== 'string' || !path.startsWith('/')) return undefined;
    if (path.length > maxPathChars || (after !== undefined && typeof after !== 'string')) return undefined;
    const queryAt = path.indexOf('?');
    const [pathname, query] = queryAt === -1 ? [path, ''] : [path.slice(0, queryAt), path.slice(queryAt)];
    wanted.push({ key, pathname, query, after });
  }
  return wanted;
}

/** Requests every stream as if it had come alone, and lets the connection carry the responses. */
export function carryStreams<Native>(
  carrier: Carrier,
  { request, native }: Exchange<Native>,
  streams: readonly WantedStream[],
  prefix: string,
  handle: MultiplexOptions<Native>['handle'],
): void {
  for (const wanted of streams) {
    const transport = carrier.carry(wanted.key);
    const exchange = { native, transport, request: new CarriedRequest(request, prefix, wanted) };
    void handle(exchange, wanted.pathname).then((outcome) => {
      if (outcome === 'no-stream') sendRefusal(transport, unknownStream, {});
    });
  }
}

/** The request for one stream: a GET with the headers of the multiplexed one. */
class CarriedRequest implements EndpointRequest {
  readonly method = 'GET';
  readonly path: string;
  readonly #outer: EndpointRequest;
  readonly #wanted: WantedStream;

  constructor(outer: EndpointRequest, prefix: string, wanted: WantedStream) {
    this.#outer = outer;
    this.#wanted = wanted;
    this.path = prefix + wanted.pathname;
  }

  get query(): URLSearchParams {
    return new URLSearchParams(this.#wanted.query);
  }

  header(name: string): string | undefined {
    switch (name) {
      case 'last-event-id':
        return this.#wanted.after === undefined ? undefined : asHeader(this.#wanted.after);
      case 'accept':
        return 'text/event-stream';
      case 'content-type':
      case 'content-length':
        return undefined;
      default:
        return this.#outer.header(name);
    }
  }
}

/** As an HTTP stack has a header: one character per byte of its UTF-8. */
function asHeader(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}
