/** How a connection, or an attempt at one, ended. */
export type Outcome =
  /** 204, or the event `complete` (PROTOCOL 3.3, 6.2). */
  | { readonly kind: 'completed' }
  /** The stream cannot go on, whatever is tried: `failure`, a wrong content type, a redirect out of policy, invalid data. */
  | { readonly kind: 'impossible' }
  /** A status that opens no stream. */
  | { readonly kind: 'refused'; readonly status: number }
  /** No response: the network failed, or the request was never answered. */
  | { readonly kind: 'unreachable' }
  /** The response had begun, and ended or fell silent before the stream did (PROTOCOL 6.6). */
  | { readonly kind: 'interrupted' }
  /** No token was had. */
  | { readonly kind: 'no-token'; readonly retry: 'later' | 'never' | 'after-interaction' };

/** What the server asked of us. */
export interface ReconnectHints {
  /** The last `retry:` of the stream, in ms; `null` where it sent none. */
  readonly retryMs: number | null;
  /** The `Retry-After` of the response, in ms from now; `null` where it sent none. */
  readonly retryAfterMs: number | null;
}

/** What has happened before. */
export interface ReconnectHistory {
  /** Waits since the last event or stable period. */
  readonly failures: number;
  /** Responses of 401 since the stream was last open, the present one included. */
  readonly refusals: number;
  /** What the browser says of the network. */
  readonly network: 'online' | 'offline';
}

/** How a stream reconnects. */
export interface ReconnectPolicy {
  /** The bound of the first random wait, in ms. Default 1,000. */
  readonly baseDelayMs: number;
  /** The cap on the bound of a random wait, in ms. Default 30,000. */
  readonly maxDelayMs: number;
  /** The longest wait that a server may ask for by `retry:` or `Retry-After`, in ms. Default 3,600,000. */
  readonly maxServerDelayMs: number;
  /** How many waits in a row before the stream fails. Default `Infinity`; 0 never reconnects. */
  readonly maxAttempts: number;
  /**
   * What to do when a response to a method that is not idempotent, such as POST, is interrupted. Default `'fail'`, because
   * sending it again may do its work twice (PROTOCOL 8.12).
   */
  readonly unsafeMethods: 'fail' | 'repeat';
}

/** What kind of request is being decided on. */
export interface RequestKind {
  /** In upper case. */
  readonly method: string;
  /** Whether there is anybody to ask for another token. */
  readonly token: 'renewable' | 'none';
}

/** What to do next. */
export type Decision =
  | { readonly action: 'wait'; readonly delayMs: number }
  | { readonly action: 'wait-for-network' }
  | { readonly action: 'wait-for-interaction' }
  | { readonly action: 'refresh-token' }
  | { readonly action: 'complete' }
  | { readonly action: 'fail' };

/** The defaults, each explained in {@link ReconnectPolicy}. */
export const defaultReconnectPolicy: ReconnectPolicy = {
  baseDelayMs: 1_000,
  maxDelayMs: 30_000,
  maxServerDelayMs: 3_600_000,
  maxAttempts: Infinity,
  unsafeMethods: 'fail',
};

/** RFC 9110, 9.2.2. */
const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Client errors that pass by themselves: a time-out, too early, too many requests (PROTOCOL 8.6). */
const passingStatuses: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * The rules of PROTOCOL 8, as a pure function.
 *
 * @param random between 0 and 1, drawn anew for each decision.
 */
export function decideReconnect(
  outcome: Outcome,
  hints: ReconnectHints,
  history: ReconnectHistory,
  policy: ReconnectPolicy & RequestKind,
  random: number,
): Decision {
  switch (outcome.kind) {
    case 'completed':
      return { action: 'complete' };
    case 'impossible':
      return { action: 'fail' };
    case 'no-token':
      if (outcome.retry === 'after-interaction') return { action: 'wait-for-interaction' };
      return outcome.retry === 'never' ? { action: 'fail' } : waitOrFail(hints, history, policy, random);
    case 'refused': {
      const { status } = outcome;
      if (status === 401) {
        return { action: policy.token === 'renewable' && history.refusals <= 1 ? 'refresh-token' : 'fail' };
      }
      const passing = status >= 500 || passingStatuses.has(status);
      return passing ? waitOrFail(hints, history, policy, random) : { action: 'fail' };
    }
    case 'unreachable':
      return waitOrFail(hints, history, policy, random);
    case 'interrupted': {
      const repeatable = idempotentMethods.has(policy.method) || policy.unsafeMethods === 'repeat';
      return repeatable ? waitOrFail(hints, history, policy, random) : { action: 'fail' };
    }
  }
}

function waitOrFail(
  hints: ReconnectHints,
  history: ReconnectHistory,
  policy: ReconnectPolicy,
  random: number,
): Decision {
  // Never reconnecting comes first: being offline is no reason to wait for something that will not be tried.
  if (policy.maxAttempts === 0) return { action: 'fail' };
  if (history.network === 'offline') return { action: 'wait-for-network' };
  if (history.failures >= policy.maxAttempts) return { action: 'fail' };
  // The server's wish is a floor, and jitter lies above it: `Retry-After` alone would bring every client back in the same second.
  const floor = Math.min(Math.max(hints.retryMs ?? 0, hints.retryAfterMs ?? 0), policy.maxServerDelayMs);
  const bound = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** Math.min(history.failures, 30));
  return { action: 'wait', delayMs: Math.min(Math.round(floor + random * bound), maxTimerMs) };
}

/** `setTimeout` takes a signed 32-bit number; a longer wait would fire at once. */
const maxTimerMs = 2 ** 31 - 1;
