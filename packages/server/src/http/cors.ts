import { ConfigurationError } from '../core/index.ts';

export interface CorsOptions {
  /** The origins that may call, as a browser writes them: `https://app.example`, without a path. `*` is refused. */
  readonly origins: readonly string[];
  /** Request headers besides `Authorization`, `Content-Type`, `Last-Event-ID` and `ngsw-bypass`. @default none */
  readonly allowHeaders?: readonly string[];
  /** Response headers besides `WWW-Authenticate`, `Retry-After`, `Date`, `Sillage-Heartbeat-Ms` and `Sillage-Session-Ms`. @default none */
  readonly exposeHeaders?: readonly string[];
  /** How long a browser keeps the answer to a preflight. @default 600_000 */
  readonly maxAgeMs?: number;
}

export interface CorsRequest {
  readonly method: string;
  header(name: string): string | undefined;
}

/**
 * What CORS makes of a request: it goes on with these headers on its response, or it was a preflight and is answered with
 * this status.
 */
export type CorsDecision =
  | { readonly kind: 'go-on'; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'preflight'; readonly status: 204 | 403; readonly headers: Readonly<Record<string, string>> };

const ALLOWED_HEADERS = ['authorization', 'content-type', 'last-event-id', 'ngsw-bypass'];
/** `Date`: a client reads a Retry-After that is a date by the server's clock. */
const EXPOSED_HEADERS = ['WWW-Authenticate', 'Retry-After', 'Date', 'Sillage-Heartbeat-Ms', 'Sillage-Session-Ms'];
/** A header's name (RFC 9110 5.1): anything else would let an option write header syntax. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

/**
 * Decides on cross-origin requests by an allow-list (PROTOCOL 3.5). Pure: the same request gets the same answer.
 *
 * @throws ConfigurationError for `*`, `null`, and anything else that no browser sends as an origin.
 */
export function createCors(options: CorsOptions): (request: CorsRequest, methods: readonly string[]) => CorsDecision {
  const { origins, allowHeaders = [], exposeHeaders = [], maxAgeMs = 600_000 } = options;
  const allowed = new Set(origins.map(checkOrigin));
  const allowedHeaders = [...ALLOWED_HEADERS, ...allowHeaders.map(checkHeaderName)].join(', ');
  const exposedHeaders = [...EXPOSED_HEADERS, ...exposeHeaders.map(checkHeaderName)].join(', ');
  const maxAgeSeconds = String(Math.floor(maxAgeMs / 1000));

  return (request, methods) => {
    const origin = request.header('origin');
    const isPreflight =
      request.method === 'OPTIONS' &&
      origin !== undefined &&
      request.header('access-control-request-method') !== undefined;
    // On every response: a cache must not give one origin's answer to another, nor to none.
    const headers: Record<string, string> = { Vary: 'Origin' };
    if (origin === undefined || !allowed.has(origin)) {
      return isPreflight ? { kind: 'preflight', status: 403, headers } : { kind: 'go-on', headers };
    }
    headers['Access-Control-Allow-Origin'] = origin;
    if (!isPreflight) {
      headers['Access-Control-Expose-Headers'] = exposedHeaders;
      return { kind: 'go-on', headers };
    }
    headers['Access-Control-Allow-Methods'] = methods.join(', ');
    headers['Access-Control-Allow-Headers'] = allowedHeaders;
    headers['Access-Control-Max-Age'] = maxAgeSeconds;
    return { kind: 'preflight', status: 204, headers };
  };
}

function checkOrigin(origin: string): string {
  if (origin.includes('*')) {
    throw new ConfigurationError("cors.origins must name each origin: with '*', any site could use a user's token.");
  }
  const url = URL.parse(origin);
  if (url === null || url.origin === 'null' || !/^https?:$/.test(url.protocol)) {
    throw new ConfigurationError(`cors.origins has '${origin}': an origin is https://host or https://host:port.`);
  }
  if (url.origin !== origin) {
    throw new ConfigurationError(`cors.origins has '${origin}', which a browser sends as '${url.origin}': write that.`);
  }
  return origin;
}

function checkHeaderName(name: string): string {
  if (TOKEN.test(name) && name !== '*') return name;
  throw new ConfigurationError(`cors has '${name}', which is no header's name.`);
}
