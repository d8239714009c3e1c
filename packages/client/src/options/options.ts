import type { AccessTokenFunction } from '../policy/index.ts';
import type { Decode } from './decode.ts';
import { InvalidOptionError } from '../errors.ts';
import { defaultReconnectPolicy, type ReconnectPolicy, type RequestKind } from '../policy/index.ts';
import { defaultRuntime, type StreamRuntime } from './runtime.ts';

/** What {@link createEventStream} takes. */
export interface EventStreamOptions<T = unknown> {
  /** Asked at every attempt. Without it no token is sent. */
  readonly accessToken?: AccessTokenFunction;
  /**
   * How the token travels. `'header'`, the default. `'ticket'`: a ticket from `ticketUrl` stands for it in the URL (PROTOCOL 2.5).
   * `'query'`: it stands in the URL as `access_token`, which RFC 9700 4.3.2 forbids, because logs and histories keep URLs; off
   * localhost the URL must then be https.
   */
  readonly tokenTransport?: 'header' | 'query' | 'ticket';
  /** Where tickets are given out, at an allowed origin. Needed for `tokenTransport: 'ticket'`. */
  readonly ticketUrl?: string | URL;
  /** Default `'GET'`, or `'POST'` where there is a `body`. */
  readonly method?: string;
  /** Sent with every attempt; a function is called at each. `Accept`, `Authorization` and `Last-Event-ID` are the stream's own. */
  readonly headers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>);
  /** Sent with every attempt, so a `ReadableStream`, which can be read once, is refused. */
  readonly body?: Exclude<BodyInit, ReadableStream> | null;
  /** As in `fetch`. Default `'same-origin'`. */
  readonly credentials?: RequestCredentials;
  /** Closes the stream when it aborts. */
  readonly signal?: AbortSignal;
  /** Default `globalThis.fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** How data becomes a value. Default `'json'`. */
  readonly decode?: Decode<T>;
  /** Where to resume, as another stream's `lastEventId` said. Default `''`: at the present. */
  readonly lastEventId?: string;
  /** How to reconnect, or `'never'`. */
  readonly reconnect?: 'never' | Partial<ReconnectPolicy>;
  /** How long a connection must live for its failures to be forgotten, in ms, if no event came. Default 10,000. */
  readonly stableAfterMs?: number;
  /**
   * How long a connection may be silent, heartbeats included, in ms. Default: two and a half of the server's heartbeat intervals where it
   * told them (PROTOCOL 3.2), else no bound. `null`: no bound at all.
   */
  readonly heartbeatTimeoutMs?: number | null;
  /** How long a connection may bring no event, in ms, however many heartbeats come. Default `null`: no bound. */
  readonly idleTimeoutMs?: number | null;
  /** The bound on one event and on one unterminated line, in UTF-16 units. Default 8,388,608. Past it the stream fails. */
  readonly maxEventChars?: number;
  /**
   * What ends a finite stream. `type`: an event of that type, default `'complete'` (PROTOCOL 6.2); `data`: an event with exactly that
   * data, such as `'[DONE]'`, default `null`. `null` switches either off.
   */
  readonly completeOn?: { readonly type?: string | null; readonly data?: string | null };
  /**
   * Default `'error'`: a redirect fails the stream. `'follow'`: the browser follows it, without `Authorization` when it leaves the origin (Fetch,
   * "HTTP-redirect fetch"), and the stream fails unless it ends at an allowed origin. Reconnects go to the first URL again.
   */
  readonly redirect?: 'error' | 'follow';
  /** The origins that may get the token. Default: that of `url`. An attempt elsewhere is refused before a token is asked for. */
  readonly allowedOrigins?: readonly string[];
  /** Clock, chance and page, for tests. */
  readonly runtime?: Partial<StreamRuntime>;
}

/** The options of one stream, checked and filled in. */
export interface StreamSettings<T> {
  readonly url: URL;
  readonly accessToken: AccessTokenFunction | undefined;
  readonly tokenTransport: 'header' | 'query' | 'ticket';
  readonly ticketUrl: URL | null;
  readonly method: string;
  readonly headers: () => Promise<Headers>;
  readonly body: BodyInit | null;
  readonly credentials: RequestCredentials;
  readonly fetch: typeof globalThis.fetch;
  readonly decode: Decode<T>;
  readonly lastEventId: string;
  readonly policy: ReconnectPolicy & RequestKind;
  readonly stableAfterMs: number;
  readonly heartbeatTimeoutMs: number | null | undefined;
  readonly idleTimeoutMs: number | null;
  readonly maxEventChars: number;
  readonly completeOn: { readonly type: string | null; readonly data: string | null };
  readonly redirect: 'error' | 'follow';
  readonly allowedOrigins: ReadonlySet<string>;
  readonly runtime: StreamRuntime;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {InvalidOptionError} whose message says what would work.
 */
export function resolveOptions<T>(url: string | URL, options: EventStreamOptions<T>): StreamSettings<T> {
  const target = resolveUrl(url);
  const {
    body = null,
    method = body === null ? 'GET' : 'POST',
    headers,
    allowedOrigins = [target.origin],
    completeOn = {},
    reconnect = {},
    heartbeatTimeoutMs,
    idleTimeoutMs = null,
    stableAfterMs = 10_000,
    maxEventChars = 8 * 1024 * 1024,
    lastEventId = '',
  } = options;

  if (body instanceof ReadableStream) {
    throw new InvalidOptionError(
      'body is a ReadableStream, which can be sent only once: pass a string, FormData or bytes.',
    );
  }
  if (/[\0\r\n]/.test(lastEventId)) {
    throw new InvalidOptionError(
      'lastEventId holds a line break or NUL, which no server can have sent: pass it unchanged.',
    );
  }
  const origins = new Set(allowedOrigins.map(resolveOrigin));
  if (!origins.has(target.origin)) {
    throw new InvalidOptionError(
      `${target.origin} is not among allowedOrigins (${[...origins].join(', ')}): add it to send it tokens.`,
    );
  }
  const policy = { ...defaultReconnectPolicy, ...(reconnect === 'never' ? { maxAttempts: 0 } : reconnect) };
  for (const [name, value] of Object.entries({
    'reconnect.baseDelayMs': policy.baseDelayMs,
    'reconnect.maxDelayMs': policy.maxDelayMs,
    'reconnect.maxServerDelayMs': policy.maxServerDelayMs,
    'reconnect.maxAttempts': policy.maxAttempts,
    heartbeatTimeoutMs: heartbeatTimeoutMs ?? 0,
    idleTimeoutMs: idleTimeoutMs ?? 0,
    stableAfterMs,
    maxEventChars,
  })) {
    if (!(value >= 0)) throw new InvalidOptionError(`${name} is ${value}: pass a number that is not negative.`);
  }

  const { tokenTransport = 'header' } = options;
  const ticketUrl = tokenTransport === 'ticket' ? resolveTicketUrl(options.ticketUrl, origins) : null;
  if (tokenTransport === 'query' && target.protocol !== 'https:' && !isLocal(target)) {
    throw new InvalidOptionError(
      `tokenTransport "query" would show the token to the network: use https, or another transport.`,
    );
  }

  return {
    url: target,
    tokenTransport,
    ticketUrl,
    accessToken: options.accessToken,
    method: method.toUpperCase(),
    headers: async () => new Headers(typeof headers === 'function' ? await headers() : headers),
    body,
    credentials: options.credentials ?? 'same-origin',
    // Looked up at each call, so that a fetch patched later (by a test, or by monitoring) is used.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    decode: options.decode ?? 'json',
    lastEventId,
    policy: {
      ...policy,
      method: method.toUpperCase(),
      token: options.accessToken === undefined ? 'none' : 'renewable',
    },
    stableAfterMs,
    heartbeatTimeoutMs,
    idleTimeoutMs,
    maxEventChars,
    completeOn: { type: 'complete', data: null, ...completeOn },
    redirect: options.redirect ?? 'error',
    allowedOrigins: origins,
    runtime: { ...defaultRuntime(), ...options.runtime },
  };
}

function resolveUrl(url: string | URL): URL {
  // A relative URL means what it means to the page, as for EventSource; in a worker, what it means to the worker's script.
  const { document, location } = globalThis as { document?: { baseURI: string }; location?: { href: string } };
  const base = document?.baseURI ?? location?.href;
  let resolved: URL;
  try {
    resolved = new URL(url, base);
  } catch (cause) {
    throw new InvalidOptionError(
      `"${String(url)}" is no URL: pass an absolute one, such as https://api.contoso.example/events.`,
      { cause },
    );
  }
  if (resolved.protocol !== 'https:' && resolved.protocol !== 'http:') {
    throw new InvalidOptionError(`"${resolved.protocol}" cannot be streamed from: pass an http: or https: URL.`);
  }
  if (resolved.username !== '' || resolved.password !== '') {
    throw new InvalidOptionError(
      'The URL holds a user name or password, which fetch refuses: pass a token by accessToken.',
    );
  }
  return resolved;
}

function resolveOrigin(origin: string): string {
  try {
    return new URL(origin).origin;
  } catch {
    throw new InvalidOptionError(
      `allowedOrigins has "${origin}", which is no origin: write it as https://api.contoso.example.`,
    );
  }
}

function resolveTicketUrl(url: string | URL | undefined, origins: ReadonlySet<string>): URL {
  if (url === undefined)
    throw new InvalidOptionError('tokenTransport "ticket" needs ticketUrl: where the server gives tickets out.');
  const resolved = resolveUrl(url);
  if (origins.has(resolved.origin)) return resolved;
  throw new InvalidOptionError(
    `ticketUrl is at ${resolved.origin}, which is not among allowedOrigins: it would get the token.`,
  );
}

function isLocal({ hostname }: URL): boolean {
  return (
    hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]' || hostname.endsWith('.localhost')
  );
}
