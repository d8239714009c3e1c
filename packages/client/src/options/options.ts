import { InvalidOptionError } from '../errors.ts';
import {
  defaultReconnectPolicy,
  type AccessTokenFunction,
  type ReconnectPolicy,
  type RequestKind,
} from '../policy/index.ts';
import { createDecoder, type Decode, type Decoder, type RawEvent } from './decode.ts';
import { defaultRuntime, type StreamRuntime } from './runtime.ts';

/**
 * An event that ends a finite stream: one with this `type` and this `data`, each checked only if given. It is not delivered, unless `deliver`
 * is `'event'`. A function returns what to do with an event.
 */
export type CompleteOn =
  | { readonly type?: string; readonly data?: string; readonly deliver?: 'event' | 'nothing' }
  | ((event: RawEvent) => 'continue' | 'complete' | 'deliver-and-complete');

/** The event types of PROTOCOL.md that the client interprets. */
export type ReservedEvent = 'complete' | 'failure' | 'gap' | 'rotate';

/** The options of {@link createEventStream}. */
export interface EventStreamOptions<T = unknown> {
  /** Called at every attempt. Without it no token is sent. */
  readonly accessToken?: AccessTokenFunction;
  /**
   * How the token is sent. `'header'`: in `Authorization`. `'ticket'`: a ticket from `ticketUrl` replaces it in the URL (PROTOCOL 2.5).
   * `'query'`: in the URL as `access_token`, which RFC 9700 4.3.2 forbids, because logs and histories keep URLs; off localhost the URL must
   * then be https.
   *
   * @default 'header'
   */
  readonly tokenTransport?: 'header' | 'query' | 'ticket';
  /** The ticket endpoint, at an allowed origin. Required for `tokenTransport: 'ticket'`. */
  readonly ticketUrl?: string | URL;
  /** @default 'GET', or 'POST' if there is a `body` */
  readonly method?: string;
  /**
   * Sent with every attempt; a function is called at each. The stream sets `Authorization` and `Last-Event-ID`, and `Accept` unless yours
   * includes `text/event-stream`.
   */
  readonly headers?: HeadersInit | (() => HeadersInit | PromiseLike<HeadersInit>);
  /** Sent with every attempt. A `ReadableStream` can be sent only once and is refused. */
  readonly body?: Exclude<BodyInit, ReadableStream> | null;
  /** As in `fetch`. @default 'same-origin' */
  readonly credentials?: RequestCredentials;
  /** Closes the stream when it aborts. */
  readonly signal?: AbortSignal;
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch;
  /** How the text of an event becomes its data. @default 'json' */
  readonly decode?: Decode<T>;
  /** The position to resume after: the `lastEventId` of another stream. @default '' (only new events) */
  readonly lastEventId?: string;
  /**
   * How the server learns the position: in the header `Last-Event-ID` (which needs a CORS preflight), in the query parameter `lastEventId`,
   * or not at all.
   *
   * @default 'header', or 'none' if the URL is a function
   */
  readonly resumeBy?: 'header' | 'query' | 'none';
  /** How to reconnect, or `'never'`. */
  readonly reconnect?: 'never' | Partial<ReconnectPolicy>;
  /**
   * What a response means that ends without one of the events that complete a stream.
   *
   * @default 'reconnect'; for a method that is not idempotent, at a server that does not follow PROTOCOL.md: 'complete'
   */
  readonly onEnd?: 'reconnect' | 'complete' | 'fail';
  /** How long a connection must last until earlier failures are forgotten, in ms. @default 10000 */
  readonly stableAfterMs?: number;
  /** The time limit for `accessToken`, `headers` and the ticket, in ms; `Infinity` for none. @default 60000 */
  readonly tokenTimeoutMs?: number;
  /** The time limit for the response headers, in ms; `Infinity` for none. Firefox reports them with the first byte. @default 30000 */
  readonly connectTimeoutMs?: number;
  /**
   * The maximum time without any bytes, heartbeats included, in ms; `Infinity` for none.
   *
   * @default 2.5 times the server's heartbeat interval if it announced one (PROTOCOL 3.2), else Infinity
   */
  readonly heartbeatTimeoutMs?: number;
  /** The maximum time without an event, in ms; heartbeats do not count. @default Infinity */
  readonly idleTimeoutMs?: number;
  /** The maximum size of one event's data and of one line, in UTF-16 units. A larger one fails the stream. @default 8388608 */
  readonly maxEventChars?: number;
  /** Events that end a finite stream, in addition to PROTOCOL 6.2's `complete` with empty data. @default [] */
  readonly completeOn?: CompleteOn | readonly CompleteOn[];
  /**
   * The event types that have the meaning of PROTOCOL.md. Leave one out if the server uses it for something else: it is then an ordinary event.
   *
   * @default ['complete', 'failure', 'gap', 'rotate']
   */
  readonly reservedEvents?: readonly ReservedEvent[];
  /**
   * `'error'`: a redirect fails the stream. `'follow'`: it is followed to allowed origins only, before anything is sent elsewhere. In a browser
   * that works only if the stream has the page's origin, because browsers do not reveal where a redirect leads. Reconnects go to the first
   * URL again.
   *
   * @default 'error'
   */
  readonly redirect?: 'error' | 'follow';
  /** The origins that may receive the token. @default the origin of `url` */
  readonly allowedOrigins?: readonly string[];
  /** Clock, randomness, timers and page, for tests. */
  readonly runtime?: Partial<StreamRuntime>;
}

/** Returns the URL for a position. Called at every attempt. */
export type StreamUrl = string | URL | ((lastEventId: string) => string | URL);

/** The options of one stream, validated and with defaults. */
export interface StreamSettings<T> {
  /** Returns the URL for a position. @throws {InvalidOptionError} if it is not a URL or its origin is not allowed. */
  readonly urlAt: (lastEventId: string) => URL;
  readonly accessToken: AccessTokenFunction | undefined;
  readonly tokenTransport: 'header' | 'query' | 'ticket';
  readonly ticketUrl: URL | undefined;
  readonly headers: () => Promise<Headers>;
  readonly body: BodyInit | null;
  readonly credentials: RequestCredentials;
  readonly fetch: typeof globalThis.fetch;
  readonly decoder: Decoder<T>;
  readonly lastEventId: string;
  readonly resumeBy: 'header' | 'query' | 'none';
  readonly policy: ReconnectPolicy & RequestKind;
  readonly stableAfterMs: number;
  readonly tokenTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly heartbeatTimeoutMs: number | undefined;
  readonly idleTimeoutMs: number;
  readonly maxEventChars: number;
  readonly completeOn: readonly CompleteOn[];
  readonly reservedEvents: ReadonlySet<string>;
  readonly redirect: 'error' | 'follow';
  readonly allowedOrigins: ReadonlySet<string>;
  readonly runtime: StreamRuntime;
}

/**
 * Validates the options and adds the defaults.
 *
 * @throws {InvalidOptionError} with a message that says what would work.
 */
export function resolveOptions<T>(url: StreamUrl, options: EventStreamOptions<T>): StreamSettings<T> {
  const {
    accessToken,
    body = null,
    method = body === null ? 'GET' : 'POST',
    headers,
    completeOn = [],
    reconnect = {},
    heartbeatTimeoutMs,
    idleTimeoutMs = Infinity,
    stableAfterMs = 10_000,
    tokenTimeoutMs = 60_000,
    connectTimeoutMs = 30_000,
    maxEventChars = 8 * 1024 * 1024,
    lastEventId = '',
    tokenTransport = 'header',
    decode = 'json',
    credentials = 'same-origin',
    reservedEvents = allReserved,
  } = options;

  if (body instanceof ReadableStream) {
    throw new InvalidOptionError(
      'body is a ReadableStream, which can be sent only once. Pass a string, FormData or bytes.',
    );
  }
  if (!isSendableId(lastEventId)) {
    throw new InvalidOptionError(
      'lastEventId has a control character, which cannot be sent in a header. Pass the ID that the server sent.',
    );
  }
  const policy = { ...defaultReconnectPolicy, ...definedParts(reconnect === 'never' ? { maxAttempts: 0 } : reconnect) };
  for (const [name, value] of Object.entries({
    'reconnect.baseDelayMs': policy.baseDelayMs,
    'reconnect.maxDelayMs': policy.maxDelayMs,
    'reconnect.maxServerDelayMs': policy.maxServerDelayMs,
    'reconnect.maxAttempts': policy.maxAttempts,
    heartbeatTimeoutMs: heartbeatTimeoutMs ?? 0,
    idleTimeoutMs,
    stableAfterMs,
    tokenTimeoutMs,
    connectTimeoutMs,
    maxEventChars,
  })) {
    if (typeof value !== 'number' || !(value >= 0)) {
      throw new InvalidOptionError(`${name} is ${String(value)}. Pass a number that is not negative.`);
    }
  }
  for (const [name, value, allowed] of [
    ['tokenTransport', tokenTransport, ['header', 'query', 'ticket']],
    ['resumeBy', options.resumeBy ?? 'none', ['header', 'query', 'none']],
    ['onEnd', options.onEnd ?? 'fail', ['reconnect', 'complete', 'fail']],
    ['redirect', options.redirect ?? 'error', ['error', 'follow']],
    [
      'decode',
      typeof decode === 'string' ? decode : '~standard' in decode ? 'json' : 'not a schema',
      ['json', 'text', 'auto'],
    ],
    ['reconnect', typeof reconnect === 'string' ? reconnect : 'never', ['never']],
    ['reconnect.unsafeMethods', policy.unsafeMethods, ['fail', 'repeat']],
  ] as const) {
    if (!(allowed as readonly string[]).includes(value)) {
      throw new InvalidOptionError(`${name} is "${value}". Pass ${allowed.map((one) => `"${one}"`).join(' or ')}.`);
    }
  }

  for (const name of reservedEvents) {
    if (!allReserved.includes(name)) {
      throw new InvalidOptionError(`reservedEvents has "${name}". Pass a list of ${allReserved.join(', ')}.`);
    }
  }
  const rules = ([] as CompleteOn[]).concat(completeOn);
  for (const rule of rules as unknown[]) {
    const { type, data } = (rule ?? {}) as { type?: unknown; data?: unknown };
    if (typeof rule !== 'function' && typeof type !== 'string' && typeof data !== 'string') {
      throw new InvalidOptionError(
        'A completeOn rule has neither type nor data. Pass { data: "[DONE]" } or a function.',
      );
    }
  }

  const first = resolveUrl(typeof url === 'function' ? url(lastEventId) : url);
  const origins = new Set((options.allowedOrigins ?? [first.origin]).map(resolveOrigin));
  const urlAt = (position: string): URL => {
    const target = resolveUrl(typeof url === 'function' ? url(position) : first);
    if (!origins.has(target.origin)) {
      throw new InvalidOptionError(
        `${target.origin} is not among allowedOrigins (${[...origins].join(', ')}). Add it to send tokens there.`,
      );
    }
    if (tokenTransport === 'query' && target.protocol !== 'https:' && !isLocal(target)) {
      throw new InvalidOptionError(
        'tokenTransport "query" would show the token to the network. Use https, or another transport.',
      );
    }
    return target;
  };
  checkRequest(urlAt(lastEventId), { method, body, credentials });

  return {
    urlAt,
    tokenTransport,
    ticketUrl: tokenTransport === 'ticket' ? resolveTicketUrl(options.ticketUrl, origins) : undefined,
    accessToken,
    headers: resolveHeaders(headers),
    body,
    credentials,
    // Looked up at each call, so that a fetch that is patched later (by a test, or by monitoring) is used.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    decoder: createDecoder(decode),
    lastEventId,
    resumeBy: options.resumeBy ?? (typeof url === 'function' ? 'none' : 'header'),
    policy: {
      ...policy,
      method: method.toUpperCase(),
      token: accessToken === undefined ? 'none' : 'renewable',
      onEnd: options.onEnd,
    },
    stableAfterMs,
    tokenTimeoutMs,
    connectTimeoutMs,
    heartbeatTimeoutMs,
    idleTimeoutMs,
    maxEventChars,
    completeOn: rules,
    reservedEvents: new Set<string>(reservedEvents),
    redirect: options.redirect ?? 'error',
    allowedOrigins: origins,
    runtime: { ...defaultRuntime(), ...options.runtime },
  };
}

/** Whether an ID can be a header value: HTTP allows no control characters there (RFC 9110, 5.5), and Node refuses to send them. */
export function isSendableId(id: string): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  return !/[\0-\x08\n-\x1f\x7f]/.test(id);
}

const allReserved: readonly ReservedEvent[] = ['complete', 'failure', 'gap', 'rotate'];

/** An explicit `undefined` is the default, as in every other option. */
function definedParts<P extends object>(parts: P): P {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as P;
}

/** What `fetch` would refuse each time: a forbidden method, a GET with a body. It would look like a network that is down. */
function checkRequest(url: URL, init: RequestInit): void {
  try {
    new Request(url, init);
  } catch (cause) {
    throw new InvalidOptionError('fetch refuses the combination of method, body and credentials: see the cause.', {
      cause,
    });
  }
}

function resolveHeaders(headers: EventStreamOptions['headers']): () => Promise<Headers> {
  if (typeof headers === 'function') {
    return async () => {
      let init: HeadersInit;
      try {
        init = await headers();
      } catch (cause) {
        throw new InvalidOptionError('The headers function failed: see the cause.', { cause });
      }
      return toHeaders(init);
    };
  }
  // Copied, because the caller may change its object later.
  const copy = toHeaders(headers);
  return () => Promise.resolve(new Headers(copy));
}

function toHeaders(init: HeadersInit | undefined): Headers {
  try {
    return new Headers(init);
  } catch {
    // Without the platform's message, which quotes the value.
    throw new InvalidOptionError('headers has a name or value that HTTP does not allow. Check for line breaks.');
  }
}

function resolveUrl(url: string | URL): URL {
  // A relative URL is relative to the page, as for EventSource; in a worker, to the worker's script.
  const { document, location } = globalThis as { document?: { baseURI: string }; location?: { href: string } };
  const base = document?.baseURI ?? location?.href;
  let resolved: URL;
  try {
    resolved = new URL(url, base);
  } catch (cause) {
    throw new InvalidOptionError(
      `"${String(url)}" is not a valid URL. Pass an absolute URL such as https://api.contoso.example/events.`,
      { cause },
    );
  }
  if (resolved.protocol !== 'https:' && resolved.protocol !== 'http:') {
    throw new InvalidOptionError(`The URL has the scheme "${resolved.protocol}". Pass an http: or https: URL.`);
  }
  if (resolved.username !== '' || resolved.password !== '') {
    throw new InvalidOptionError(
      'The URL has a user name or password, which fetch refuses. Send a token with accessToken.',
    );
  }
  return resolved;
}

function resolveOrigin(origin: string): string {
  try {
    return new URL(origin).origin;
  } catch {
    throw new InvalidOptionError(
      `allowedOrigins has "${origin}", which is not an origin. Write it as https://api.contoso.example.`,
    );
  }
}

function resolveTicketUrl(url: string | URL | undefined, origins: ReadonlySet<string>): URL {
  if (url === undefined) {
    throw new InvalidOptionError('tokenTransport "ticket" requires ticketUrl, the URL of the ticket endpoint.');
  }
  const resolved = resolveUrl(url);
  if (origins.has(resolved.origin)) return resolved;
  throw new InvalidOptionError(
    `ticketUrl has the origin ${resolved.origin}, which is not among allowedOrigins. It would receive the token.`,
  );
}

function isLocal({ hostname }: URL): boolean {
  return (
    hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]' || hostname.endsWith('.localhost')
  );
}
