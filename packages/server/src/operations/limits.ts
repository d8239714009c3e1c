import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { ConnectionAttempt, StreamEndpoint, StreamEndpointOptions } from '../endpoint/index.ts';

export interface LimitsOptions {
  /**
   * Counts the connections of each user, by `Identity.key`: a limiter of `rate-limiter-flexible`. One that stores its counts in Redis or PostgreSQL is
   * shared by all nodes.
   */
  readonly perUser?: RateLimiterAbstract;
  /** Counts the connections from each address. */
  readonly perAddress?: RateLimiterAbstract;
  /**
   * The address that a request came from, as far as you trust it: behind a proxy, the header that this proxy sets. Needed for `perAddress`.
   *
   * @example addressOf: ({ native }) => (native as Request).ip
   */
  readonly addressOf?: (attempt: ConnectionAttempt) => string | undefined;
  /**
   * How many sessions a user may have on this node. A client that rotates has two for a moment: allow for twice as many as its pages need.
   * @default no limit
   */
  readonly maxSessionsPerUser?: number;
  /** The endpoints whose sessions count. A function, since the endpoint needs the limits first. */
  readonly endpoints?: () => readonly StreamEndpoint[];
  /** What happens while the limiter's store cannot be reached. @default 'allow' */
  readonly whenUnavailable?: 'allow' | 'refuse';
  /** Told of a store that cannot be reached. @default console.error */
  readonly onError?: (error: unknown) => void;
}

const retryAfterMs = 1_000;
/** A user with too many sessions has to close one, which is up to them. */
const fullRetryAfterMs = 10_000;

/**
 * Limits how often users connect, and how many sessions they have. Past a limit, a request is answered by 429 with `Retry-After`, which the client
 * waits for.
 *
 * @example
 * const limit = createLimits({ perUser: new RateLimiterMemory({ points: 300, duration: 60 }) });
 * const endpoint = createStreamEndpoint({ hub, verifier, limit });
 */
export function createLimits(options: LimitsOptions): NonNullable<StreamEndpointOptions['limit']> {
  const { perUser, perAddress, addressOf, maxSessionsPerUser = Infinity, endpoints = () => [] } = options;
  const { whenUnavailable = 'allow', onError = console.error } = options;

  /** How long to wait, in ms; `undefined` if there is no need to. */
  async function count(limiter: RateLimiterAbstract | undefined, key: string | undefined): Promise<number | undefined> {
    if (limiter === undefined || key === undefined) return undefined;
    try {
      await limiter.consume(key);
      return undefined;
    } catch (result) {
      // The library rejects with a result where the limit is reached, and with an error where the store cannot be reached.
      if (!(result instanceof Error)) return (result as { readonly msBeforeNext: number }).msBeforeNext;
      onError(result);
      return whenUnavailable === 'allow' ? undefined : retryAfterMs;
    }
  }

  return async (attempt) => {
    const { key } = attempt.identity;
    const sessions = endpoints().reduce((total, endpoint) => total + (endpoint.sessions.byUser.get(key) ?? 0), 0);
    if (sessions >= maxSessionsPerUser) return { kind: 'too-many-requests', retryAfterMs: fullRetryAfterMs };
    const waitMs = (await count(perUser, key)) ?? (await count(perAddress, addressOf?.(attempt)));
    return waitMs === undefined ? 'allow' : { kind: 'too-many-requests', retryAfterMs: waitMs };
  };
}
