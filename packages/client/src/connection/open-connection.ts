import { ConnectionError, InvalidOptionError, isSseError, ProtocolError, type StreamError } from '../errors.ts';
import { isSendableId, type StreamSettings } from '../options/index.ts';
import type { Refusal, TokenSource } from '../policy/index.ts';
import { ended, type AttemptEnd } from './attempt-end.ts';
import { cancelQuietly } from './cancel-quietly.ts';
import { checkResponse, refusal, type OpenConnection } from './check-response.ts';
import { fetchFollowing } from './follow-redirects.ts';
import { fetchTicketUrl } from './ticket.ts';

/** What one attempt is made with. */
export interface AttemptRequest {
  readonly lastEventId: string;
  /** The last token that the server refused, if it did. */
  readonly refusal: Refusal | undefined;
  /** Aborts the attempt and the connection that it opens. Checked after each wait: a custom `fetch` may ignore it. */
  readonly signal: AbortSignal;
  /** Called with the URL of the request, without token and ticket. */
  readonly onUrl: (url: URL) => void;
  /** Called when the request is sent: a demand is then satisfied, and must not be repeated. */
  readonly onSent: () => void;
  /** Called when the response headers have arrived. */
  readonly onAnswered: () => void;
}

/**
 * Makes one request: token, headers, request, response and its checks. Never throws.
 *
 * @returns `undefined` if the signal aborted: nobody wants the result.
 */
export async function openConnection<T>(
  settings: StreamSettings<T>,
  tokens: TokenSource,
  request: AttemptRequest,
): Promise<{ readonly open: OpenConnection } | { readonly end: AttemptEnd } | undefined> {
  const { signal, lastEventId } = request;
  let url: URL;
  let href: string;
  let headers: Headers;
  try {
    url = settings.urlAt(lastEventId);
    request.onUrl(url);
    if (isAborted(signal)) return undefined;
    const token = await tokens.next(request.refusal, signal);
    if (isAborted(signal)) return undefined;
    headers = await requestHeaders(settings, token, lastEventId);
    if (isAborted(signal)) return undefined;
    href = await requestUrl(settings, url, token, request);
  } catch (cause) {
    return isAborted(signal) ? undefined : { end: notSent(cause, request.refusal) };
  }
  if (isAborted(signal)) return undefined;
  request.onSent();
  if (isAborted(signal)) return undefined;

  let response: Response;
  try {
    response = await fetchFollowing(
      href,
      {
        method: settings.policy.method,
        headers,
        body: settings.body,
        credentials: settings.credentials,
        cache: 'no-store',
        signal,
      },
      settings,
    );
  } catch (cause) {
    if (isAborted(signal)) return undefined;
    const error = new ConnectionError('network-error', `${url.origin} could not be reached.`, { cause });
    return { end: ended({ kind: 'unreachable' }, error) };
  }
  const checked = isAborted(signal) ? undefined : await answered(response, settings, request);
  // An unread body keeps its connection open, and a browser has six for an origin.
  if (checked === undefined || 'end' in checked || isAborted(signal)) cancelBody(response);
  return isAborted(signal) ? undefined : checked;
}

function answered<T>(response: Response, settings: StreamSettings<T>, { onAnswered, signal }: AttemptRequest) {
  onAnswered();
  return checkResponse(response, settings, signal);
}

function cancelBody({ body }: Response): void {
  if (body?.locked === false) cancelQuietly(body);
}

async function requestHeaders<T>(
  settings: StreamSettings<T>,
  token: string | undefined,
  lastEventId: string,
): Promise<Headers> {
  const headers = await settings.headers();
  if (!/\btext\/event-stream\b/i.test(headers.get('Accept') ?? '')) headers.set('Accept', 'text/event-stream');
  if (token !== undefined && settings.tokenTransport === 'header') headers.set('Authorization', `Bearer ${token}`);
  if (lastEventId !== '' && settings.resumeBy === 'header') {
    if (!isSendableId(lastEventId)) {
      throw new ProtocolError(
        'invalid-event-id',
        'The last event ID has a control character and cannot be sent in a header. The server should send IDs of visible ASCII characters.',
      );
    }
    headers.set('Last-Event-ID', byteString(lastEventId));
  }
  return headers;
}

/** Header values are byte strings; the ID is sent as UTF-8 (WHATWG HTML, 9.2.4). Without this, one emoji would make `Headers` throw. */
function byteString(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}

/** The URL to request, with what represents the token in it. */
async function requestUrl<T>(
  settings: StreamSettings<T>,
  target: URL,
  token: string | undefined,
  { signal, lastEventId }: AttemptRequest,
): Promise<string> {
  const { tokenTransport, ticketUrl, fetch, runtime } = settings;
  const url = new URL(target);
  if (settings.resumeBy === 'query' && lastEventId !== '') url.searchParams.set('lastEventId', lastEventId);
  if (token === undefined || tokenTransport === 'header') return url.href;
  if (ticketUrl !== undefined) return fetchTicketUrl({ ticketUrl, streamUrl: url, token, signal, fetch }, runtime);
  url.searchParams.set('access_token', token);
  return url.href;
}

/** Why a request was not sent: no token, no ticket, a refused token, or headers that are not valid. Errors are distinguished by `code`. */
function notSent(cause: unknown, refused: Refusal | undefined): AttemptEnd {
  // By its code, because it may come from another copy of this package.
  const error = isSseError(cause)
    ? (cause as StreamError)
    : new InvalidOptionError('A function among the options failed: see the cause.', { cause });
  if (error === refused?.error) return ended({ kind: 'impossible' }, error);
  switch (error.code) {
    case 'http-error':
      return refusal(error, 'ticket-endpoint').end;
    case 'network-error':
    case 'connect-timeout':
      return ended({ kind: 'not-sent' }, error);
    case 'interaction-required':
      return ended({ kind: 'no-token', retry: 'after-interaction' }, error);
    case 'token-unavailable':
      return ended({ kind: 'no-token', retry: error.retry }, error);
    default:
      return ended({ kind: 'impossible' }, error);
  }
}

/** A function, so that TypeScript does not assume that the signal has not changed since it was last checked. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
