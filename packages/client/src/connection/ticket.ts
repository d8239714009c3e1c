import { ConnectionError, ProtocolError } from '../errors.ts';
import { responseError } from './response-error.ts';

/** What {@link requestTicketUrl} takes. */
export interface TicketRequest {
  /** Where tickets are given out (PROTOCOL 2.5). */
  readonly ticketUrl: string | URL;
  /** The stream that the ticket is for. */
  readonly streamUrl: string | URL;
  /** The bearer token that the ticket stands for. */
  readonly token: string;
  readonly signal?: AbortSignal;
  /** Default `globalThis.fetch`. */
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * Asks for a ticket, and answers with the URL that it opens, once. For what cannot send a header, such as the browser's own
 * `EventSource`; that reconnects with the same URL, which is void by then, so listen to its `error` and ask for another.
 *
 * @example
 * ```ts
 * const source = new EventSource(await requestTicketUrl({ ticketUrl: '/tickets', streamUrl: '/events', token }));
 * ```
 * @throws {ResponseError} where the server gives none, {@link ConnectionError} where it cannot be reached.
 */
export function requestTicketUrl(request: TicketRequest): Promise<string> {
  return askForTicketUrl(request, Date.now);
}

/** As {@link requestTicketUrl}, with the clock that a `Retry-After` is read by. */
export async function askForTicketUrl(request: TicketRequest, now: () => number): Promise<string> {
  const { token, signal, fetch = globalThis.fetch } = request;
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
  if (!response.ok) throw await responseError(response, now());
  const answer = (await response.json().catch(() => null)) as { readonly ticket?: unknown } | null;
  if (typeof answer?.ticket !== 'string') {
    throw new ProtocolError('unexpected-content-type', 'No ticket: the answer has none (PROTOCOL 2.5).');
  }
  stream.searchParams.set('ticket', answer.ticket);
  return stream.href;
}
