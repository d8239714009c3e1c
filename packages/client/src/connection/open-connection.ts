import type { TokenSource } from '../policy/index.ts';
import { tokenDemand, type TokenDemand } from '../headers/index.ts';
import {
  AccessTokenError,
  ConnectionError,
  InteractionRequiredError,
  InvalidOptionError,
  isSseError,
  ProtocolError,
  ResponseError,
  type SseError,
} from '../errors.ts';
import type { StreamSettings } from '../options/index.ts';
import type { Outcome } from '../policy/index.ts';
import { responseError } from './response-error.ts';
import { askForTicketUrl } from './ticket.ts';

/** How an attempt, or the connection that it led to, ended. */
export interface AttemptEnd {
  readonly outcome: Outcome;
  /** What the stream fails with, should the policy say so; `null` only where the outcome is `completed`. */
  readonly error: SseError | null;
  readonly retryAfterMs: number | null;
  readonly demand: TokenDemand | null;
}

/** An attempt that a server answered with an event stream. */
export interface OpenConnection {
  readonly body: ReadableStream<Uint8Array>;
  /** The server's heartbeat interval (PROTOCOL 3.2); `null` where it told none. */
  readonly heartbeatMs: number | null;
}

/** What one attempt is made with. */
export interface AttemptRequest {
  readonly lastEventId: string;
  /** What the server demanded of the token when it refused the last one. */
  readonly demand: TokenDemand | null;
  /** Aborts the attempt and the connection that it leads to. */
  readonly signal: AbortSignal;
  /** Called with the token in hand, before the request leaves: the demand is then met, and must not be repeated. */
  readonly onToken: () => void;
}

/** Makes one request: a token, the headers, the response and its checks. Never throws: every way to end is an answer. */
export async function attempt<T>(
  settings: StreamSettings<T>,
  tokens: TokenSource,
  request: AttemptRequest,
): Promise<{ readonly open: OpenConnection } | { readonly end: AttemptEnd }> {
  const { signal, demand } = request;
  let headers: Headers;
  let url: string;
  try {
    const answer = await tokens.next({ demand, signal });
    request.onToken();
    if (answer === 'same') {
      return ended(
        { kind: 'impossible' },
        new AccessTokenError('the server refused the token, and the same one came again.'),
      );
    }
    headers = await requestHeaders(settings, answer.token, request.lastEventId);
    url = await requestUrl(settings, answer.token, signal);
  } catch (cause) {
    return notSent(cause);
  }

  let response: Response;
  try {
    response = await settings.fetch(url, {
      method: settings.method,
      headers,
      body: settings.body,
      credentials: settings.credentials,
      cache: 'no-store',
      redirect: settings.redirect === 'error' ? 'manual' : 'follow',
      signal,
    });
  } catch (cause) {
    return ended(
      { kind: 'unreachable' },
      new ConnectionError('network-error', `${settings.url.origin} could not be reached.`, { cause }),
    );
  }
  const checked = await check(response, settings);
  // An unread body holds its connection open, and a browser has six for an origin.
  if ('end' in checked) response.body?.cancel().catch(() => undefined);
  return checked;
}

async function requestHeaders<T>(
  settings: StreamSettings<T>,
  token: string | null,
  lastEventId: string,
): Promise<Headers> {
  const headers = await settings.headers();
  try {
    headers.set('Accept', 'text/event-stream');
    if (token !== null && settings.tokenTransport === 'header') headers.set('Authorization', `Bearer ${token}`);
    if (lastEventId !== '') headers.set('Last-Event-ID', byteString(lastEventId));
  } catch {
    // Without the platform's message, which quotes the value.
    throw new InvalidOptionError(
      'The last event ID cannot be sent in a header: the server should send IDs without control characters.',
    );
  }
  return headers;
}

/** Header values are byte strings; the ID goes out as UTF-8 (WHATWG 9.2.4). Given as it is, one emoji would make `Headers` throw. */
function byteString(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}

/** Where to ask, with what stands in the URL for the token. */
async function requestUrl<T>(settings: StreamSettings<T>, token: string | null, signal: AbortSignal): Promise<string> {
  const { tokenTransport, ticketUrl, fetch, runtime } = settings;
  if (token === null || tokenTransport === 'header') return settings.url.href;
  if (ticketUrl !== null)
    return askForTicketUrl({ ticketUrl, streamUrl: settings.url, token, signal, fetch }, () => runtime.now());
  const url = new URL(settings.url);
  url.searchParams.set('access_token', token);
  return url.href;
}

/** Why a request did not leave: no token, no ticket, or headers that cannot be. */
function notSent(cause: unknown): { end: AttemptEnd } {
  if (cause instanceof ResponseError) return refusal(cause);
  if (cause instanceof ConnectionError) return ended({ kind: 'unreachable' }, cause);
  if (cause instanceof InteractionRequiredError) return ended({ kind: 'no-token', retry: 'after-interaction' }, cause);
  if (cause instanceof AccessTokenError) return ended({ kind: 'no-token', retry: cause.retry }, cause);
  const error = isSseError(cause)
    ? cause
    : new InvalidOptionError('The headers function failed: see the cause.', { cause });
  return ended({ kind: 'impossible' }, error);
}

async function check<T>(
  response: Response,
  settings: StreamSettings<T>,
): Promise<{ readonly open: OpenConnection } | { readonly end: AttemptEnd }> {
  const { status } = response;
  if (response.type === 'opaqueredirect' || (status >= 300 && status < 400)) {
    return ended(
      { kind: 'impossible' },
      new ProtocolError(
        'redirect-refused',
        'The server redirected the stream: use the final URL, or set redirect to "follow".',
      ),
    );
  }
  if (response.redirected && !settings.allowedOrigins.has(new URL(response.url).origin)) {
    return ended(
      { kind: 'impossible' },
      new ProtocolError(
        'redirect-refused',
        `The stream was redirected to ${new URL(response.url).origin}, which is not among allowedOrigins.`,
      ),
    );
  }
  if (status === 204) return { end: { outcome: { kind: 'completed' }, error: null, retryAfterMs: null, demand: null } };
  if (!response.ok) return refusal(await responseError(response, settings.runtime.now()));
  const contentType = response.headers.get('Content-Type');
  if (contentType?.split(';', 1)[0]?.trim().toLowerCase() !== 'text/event-stream' || response.body === null) {
    return ended(
      { kind: 'impossible' },
      new ProtocolError(
        'unexpected-content-type',
        `The server answered with ${contentType ?? 'no content type'}, not text/event-stream.`,
      ),
    );
  }
  const heartbeat = Number(response.headers.get('Sillage-Heartbeat-Ms'));
  return { open: { body: response.body, heartbeatMs: heartbeat > 0 ? heartbeat : null } };
}

function refusal(error: ResponseError): { end: AttemptEnd } {
  const { status, challenges, retryAfterMs } = error;
  return { end: { outcome: { kind: 'refused', status }, error, retryAfterMs, demand: tokenDemand(challenges) } };
}

function ended(outcome: Outcome, error: SseError): { end: AttemptEnd } {
  return { end: { outcome, error, retryAfterMs: null, demand: null } };
}
