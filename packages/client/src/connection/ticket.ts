import { ConnectionError, InvalidOptionError, ProtocolError } from '../errors.ts';
import { isBearerToken } from '../policy/index.ts';
import type { StreamRuntime } from '../options/index.ts';
import { readText, responseError } from './response-error.ts';

/** The argument of {@link requestTicketUrl}. */
export interface TicketRequest {
  /** The ticket endpoint (PROTOCOL 2.5). */
  readonly ticketUrl: string | URL;
  /** The stream that the ticket is for. */
  readonly streamUrl: string | URL;
  /** The bearer token that the ticket replaces. */
  readonly token: string;
  readonly signal?: AbortSignal;
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * Requests a ticket and returns the URL that it opens, once. For clients that cannot send a header, such as the browser's own `EventSource`.
 * That one reconnects with the same URL, which is no longer valid then: listen to its `error` event and request another.
 *
 * @example
 * ```ts
 * const source = new EventSource(await requestTicketUrl({ ticketUrl: '/tickets', streamUrl: '/events', token }));
 * ```
 * @throws {InvalidOptionError} if `token` is not a bearer token, {@link ResponseError} if the server refuses, {@link ConnectionError} if it cannot be reached, {@link ProtocolError} if its answer has no
 * ticket.
 */
export function requestTicketUrl(request: TicketRequest): Promise<string> {
  return fetchTicketUrl(request, {
    now: () => Date.now(),
    setTimer: (callback, ms) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  });
}

/** As {@link requestTicketUrl}, with the stream's clock and timers. */
export async function fetchTicketUrl(
  request: TicketRequest,
  runtime: Pick<StreamRuntime, 'now' | 'setTimer'>,
): Promise<string> {
  const { token, signal, fetch = globalThis.fetch } = request;
  // Checked before fetch sees it: its message would quote the token.
  if (!isBearerToken(token)) throw new InvalidOptionError('token is not a bearer token (RFC 6750, 2.1).');
  const base = (globalThis as { document?: { baseURI: string } }).document?.baseURI;
  const stream = new URL(request.streamUrl, base);
  let response: Response;
  try {
    response = await fetch(new URL(request.ticketUrl, base).href, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ path: stream.pathname }),
      cache: 'no-store',
      redirect: 'error',
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (cause) {
    throw new ConnectionError('network-error', 'No ticket: the server could not be reached.', { cause });
  }
  if (!response.ok) throw await responseError(response, runtime, signal);
  const { text, end } = await readText(response, runtime, signal);
  if (end === 'cut') throw new ConnectionError('network-error', 'No ticket: the response broke off or took too long.');
  const ticket = ticketIn(text);
  if (ticket === undefined) {
    throw new ProtocolError('unexpected-content-type', 'No ticket: the response does not contain one (PROTOCOL 2.5).');
  }
  stream.searchParams.set('ticket', ticket);
  return stream.href;
}

function ticketIn(text: string): string | undefined {
  try {
    const { ticket } = JSON.parse(text) as { readonly ticket?: unknown };
    return typeof ticket === 'string' ? ticket : undefined;
  } catch {
    // Not a JSON object: it has no ticket.
    return undefined;
  }
}
