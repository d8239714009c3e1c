/** How a connection, or an attempt to open one, ended. */
export type Outcome =
  /** 204, or the event `complete` (PROTOCOL 3.3, 6.2). */
  | { readonly kind: 'completed' }
  /** The stream cannot continue, whatever is tried: `failure`, a wrong content type, a refused redirect, invalid data. */
  | { readonly kind: 'impossible' }
  /** A status other than 200 and 204, from the stream or from the ticket endpoint (PROTOCOL 2.5). */
  | { readonly kind: 'refused'; readonly status: number; readonly by: 'stream' | 'ticket-endpoint' }
  /** A temporary failure before the request for the stream was sent. */
  | { readonly kind: 'not-sent' }
  /** The request was sent and no response came. */
  | { readonly kind: 'unreachable' }
  /** The response had begun, and broke off or fell silent. */
  | { readonly kind: 'interrupted' }
  /** The response ended without `complete` (PROTOCOL 6.6). `server`: whether its headers said that it follows PROTOCOL.md. */
  | { readonly kind: 'ended'; readonly server: 'sillage' | 'other' }
  /** The connection ended when the server had said it would, in `Sillage-Session-Ms` (PROTOCOL 3.8). */
  | { readonly kind: 'expired' }
  /** There is no token. */
  | { readonly kind: 'no-token'; readonly retry: 'later' | 'never' | 'after-interaction' };

/** What the server asked for. */
export interface ReconnectHints {
  /** The last `retry:` of the stream, in ms; `undefined` if it sent none. */
  readonly retryMs: number | undefined;
  /** The `Retry-After` of the response, in ms from now; `undefined` if it sent none. */
  readonly retryAfterMs: number | undefined;
}

/** What happened before. */
export interface ReconnectHistory {
  /** Waits since the last stable connection. */
  readonly failures: number;
  /** Whether a 401 may be answered by a new token: `'spent'` if a token was already requested for the same demand (PROTOCOL 8.4). */
  readonly refresh: 'possible' | 'spent';
  /** What the browser reports. */
  readonly network: 'online' | 'offline';
}

/** How a stream reconnects. */
export interface ReconnectPolicy {
  /** The upper limit of the first random wait, in ms. Wake-ups of the page start attempts at most this often. @default 1000 */
  readonly baseDelayMs: number;
  /** The cap of the upper limit, which doubles with every failure, in ms. @default 30000 */
  readonly maxDelayMs: number;
  /** The longest wait that a server may ask for by `retry:` or `Retry-After`, in ms. @default 3600000 */
  readonly maxServerDelayMs: number;
  /** The number of consecutive waits before the stream fails; 0 never reconnects. @default Infinity */
  readonly maxAttempts: number;
  /**
   * What to do if a request with a method that is not idempotent, such as POST, got no response, a 5xx or an interrupted one. `'fail'`:
   * the server may have processed it, and a second one would do its work twice (RFC 9110, 9.2.2). `'repeat'`: send it again.
   *
   * @default 'fail'
   */
  readonly unsafeMethods: 'fail' | 'repeat';
}

/** The request that a decision is about. */
export interface RequestKind {
  /** In upper case. */
  readonly method: string;
  /** Whether there is a function to ask for another token. */
  readonly token: 'renewable' | 'none';
  /**
   * What the end of a response without `complete` means. `undefined`: `'reconnect'`, but `'complete'` for a method that is not idempotent
   * at a server that does not follow PROTOCOL.md.
   */
  readonly onEnd: 'reconnect' | 'complete' | 'fail' | undefined;
}

/** What to do next. */
export type Decision =
  /** Wait `delayMs`. A wake-up of the page may shorten the wait to `floorMs`. */
  | { readonly action: 'wait'; readonly delayMs: number; readonly floorMs: number }
  /** Wait until the browser reports a network, but at most `delayMs`. */
  | { readonly action: 'wait-for-network'; readonly delayMs: number; readonly floorMs: number }
  | { readonly action: 'wait-for-interaction' }
  | { readonly action: 'reconnect' }
  | { readonly action: 'refresh-token' }
  | { readonly action: 'complete' }
  | { readonly action: 'fail' };

/** The defaults of {@link ReconnectPolicy}. */
export const defaultReconnectPolicy: ReconnectPolicy = {
  baseDelayMs: 1_000,
  maxDelayMs: 30_000,
  maxServerDelayMs: 3_600_000,
  maxAttempts: Infinity,
  unsafeMethods: 'fail',
};

/** RFC 9110, 9.2.2; QUERY is RFC 10008. */
const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY']);

/** The request was not processed and may be sent again, whatever its method: timeout, too early, too many requests (PROTOCOL 8.6). */
const unprocessedStatuses: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * The rules of PROTOCOL 8 as a pure function.
 *
 * @param random at least 0 and less than 1, a new one for each decision.
 * @example
 * ```ts
 * const policy = { ...defaultReconnectPolicy, method: 'GET', token: 'none', onEnd: undefined } as const;
 * const history = { failures: 2, refresh: 'possible', network: 'online' } as const;
 * decideReconnect({ kind: 'unreachable' }, { retryMs: undefined, retryAfterMs: undefined }, history, policy, 0.5);
 * // { action: 'wait', delayMs: 2000, floorMs: 0 }
 * ```
 */
export function decideReconnect(
  outcome: Outcome,
  hints: ReconnectHints,
  history: ReconnectHistory,
  policy: ReconnectPolicy & RequestKind,
  random: number,
): Decision {
  const repeatable = mayRepeat(policy);
  switch (outcome.kind) {
    case 'completed':
      return { action: 'complete' };
    case 'impossible':
      return { action: 'fail' };
    case 'no-token':
      if (outcome.retry === 'after-interaction') return { action: 'wait-for-interaction' };
      return outcome.retry === 'never' ? { action: 'fail' } : waitOrFail(hints, history, policy, random);
    case 'refused': {
      const { status, by } = outcome;
      if (status === 401) {
        return { action: policy.token === 'renewable' && history.refresh === 'possible' ? 'refresh-token' : 'fail' };
      }
      const unprocessed =
        unprocessedStatuses.has(status) ||
        (status >= 500 && (by === 'ticket-endpoint' || (status === 503 && hints.retryAfterMs !== undefined)));
      return unprocessed || (status >= 500 && repeatable)
        ? waitOrFail(hints, history, policy, random)
        : { action: 'fail' };
    }
    case 'not-sent':
      return waitOrFail(hints, history, policy, random);
    case 'unreachable':
    case 'interrupted':
      return repeatable ? waitOrFail(hints, history, policy, random) : { action: 'fail' };
    case 'ended': {
      const { onEnd = isIdempotent(policy) || outcome.server === 'sillage' ? 'reconnect' : 'complete' } = policy;
      if (onEnd !== 'reconnect') return { action: onEnd };
      return repeatable ? waitOrFail(hints, history, policy, random) : { action: 'fail' };
    }
    case 'expired':
      return { action: repeatable && policy.maxAttempts > 0 ? 'reconnect' : 'fail' };
  }
}

/** Whether a request may be sent again after the server may have processed it. */
export function mayRepeat(policy: Pick<ReconnectPolicy, 'unsafeMethods'> & Pick<RequestKind, 'method'>): boolean {
  return isIdempotent(policy) || policy.unsafeMethods === 'repeat';
}

function isIdempotent({ method }: Pick<RequestKind, 'method'>): boolean {
  return idempotentMethods.has(method);
}

function waitOrFail(
  hints: ReconnectHints,
  history: ReconnectHistory,
  policy: ReconnectPolicy,
  random: number,
): Decision {
  // Before the network is looked at: if nothing will be tried, there is nothing to wait for.
  if (policy.maxAttempts === 0) return { action: 'fail' };
  // The server's wish is a floor, and jitter lies above it: `Retry-After` alone would bring every client back in the same second.
  const floorMs = Math.min(Math.max(hints.retryMs ?? 0, hints.retryAfterMs ?? 0), policy.maxServerDelayMs);
  if (history.network === 'offline') {
    // The browser's report is a hint and may be wrong (WHATWG HTML, 9.11.9): try again now and then.
    return { action: 'wait-for-network', delayMs: floorMs + policy.maxDelayMs * (0.5 + random / 2), floorMs };
  }
  if (history.failures >= policy.maxAttempts) return { action: 'fail' };
  const limitMs = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** Math.min(history.failures, 30));
  return { action: 'wait', delayMs: Math.round(floorMs + random * limitMs), floorMs };
}
