import { checkBounds, ConfigurationError } from '../core/index.ts';

export interface CorsOptions {
  /**
   * The origins that may call, as a browser writes them: `https://app.example`, `capacitor://localhost`, `chrome-extension://<id>`. `*` is
   * refused. `null` is the origin of files and sandboxed frames, of any site: list it only if your app runs in one.
   */
  readonly origins: readonly string[];
  /**
   * Whether pages of these origins may send cookies and other credentials of the browser. Tokens in `Authorization` do not need it.
   * @default false
   */
  readonly allowCredentials?: boolean;
  /** Request headers that are allowed besides `Authorization`, `Content-Type`, `Last-Event-ID` and `ngsw-bypass`. @default none */
  readonly allowHeaders?: readonly string[];
  /** Response headers that pages may read besides `WWW-Authenticate`, `Retry-After`, `Date`, `Sillage-Heartbeat-Ms` and `Sillage-Session-Ms`. @default none */
  readonly exposeHeaders?: readonly string[];
  /** How long a browser keeps the answer to a preflight; 0 disables it. @default 600_000 */
  readonly maxAgeMs?: number;
}

export interface CorsRequest {
  readonly method: string;
  header(name: string): string | undefined;
}

/**
 * The result for a request: it goes on, with these headers on its response; or it was a preflight, which is answered with this
 * status.
 */
export type CorsDecision =
  | { readonly kind: 'go-on'; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'preflight'; readonly status: 204 | 403; readonly headers: Readonly<Record<string, string>> };

const alwaysAllowedHeaders = ['authorization', 'content-type', 'last-event-id', 'ngsw-bypass'];
/** `Date`: a client reads a Retry-After that is a date by the server's clock. */
const alwaysExposedHeaders = ['WWW-Authenticate', 'Retry-After', 'Date', 'Sillage-Heartbeat-Ms', 'Sillage-Session-Ms'];
/** A header's name (RFC 9110 5.1). Anything else in an option could inject header syntax. */
const headerNamePattern = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

/**
 * Decides on cross-origin requests by a list of allowed origins (PROTOCOL 3.5). The result depends on the request only.
 *
 * @throws ConfigurationError for `*`, for anything else that no browser sends as an origin, and for `null` with credentials.
 *
 * @example createCors({ origins: ['https://app.example'] })
 */
export function createCors(options: CorsOptions): (request: CorsRequest, methods: readonly string[]) => CorsDecision {
  const { origins, allowCredentials = false, allowHeaders = [], exposeHeaders = [], maxAgeMs = 600_000 } = options;
  checkBounds({ maxAgeMs }, 0);
  const allowed = new Set(origins.map(checkOrigin));
  if (allowCredentials && allowed.has('null')) {
    throw new ConfigurationError(
      "cors.origins has 'null' with allowCredentials: any site could act with a user's cookies from a sandboxed frame. Leave one of them out.",
    );
  }
  const allowedHeaders = [...alwaysAllowedHeaders, ...allowHeaders.map(checkHeaderName)].join(', ');
  const exposedHeaders = [...alwaysExposedHeaders, ...exposeHeaders.map(checkHeaderName)].join(', ');
  const maxAgeSeconds = String(Math.floor(maxAgeMs / 1000));

  return (request, methods) => {
    const origin = request.header('origin');
    const isPreflight =
      request.method === 'OPTIONS' &&
      origin !== undefined &&
      request.header('access-control-request-method') !== undefined;
    // On every response: a cache must not serve one origin's response to another origin, or to a request without one.
    const headers: Record<string, string> = { Vary: 'Origin' };
    if (origin === undefined || !allowed.has(origin)) {
      return isPreflight ? { kind: 'preflight', status: 403, headers } : { kind: 'go-on', headers };
    }
    headers['Access-Control-Allow-Origin'] = origin;
    if (allowCredentials) headers['Access-Control-Allow-Credentials'] = 'true';
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

/** A scheme of its own, as of an app in a web view or of a browser extension: URL knows no origin for those. */
const appOriginPattern = /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9._-]+(?::[0-9]{1,5})?$/;

function checkOrigin(origin: string): string {
  if (origin === 'null') return origin;
  if (origin.includes('*')) {
    throw new ConfigurationError("cors.origins has '*': any site could use a user's token. Name each origin.");
  }
  const url = URL.parse(origin);
  if (url !== null && /^https?:$/.test(url.protocol)) {
    if (url.origin === origin) return origin;
    throw new ConfigurationError(`cors.origins has '${origin}', which a browser sends as '${url.origin}'. Write that.`);
  }
  if (url !== null && url.protocol !== 'file:' && appOriginPattern.test(origin)) return origin;
  throw new ConfigurationError(
    `cors.origins has '${origin}', which is not an origin. Write https://host, https://host:port or scheme://host.`,
  );
}

function checkHeaderName(name: string): string {
  if (headerNamePattern.test(name) && name !== '*') return name;
  throw new ConfigurationError(`cors has '${name}', which is not the name of a header.`);
}
