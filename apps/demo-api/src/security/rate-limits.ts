import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Config } from '../config.ts';

/** What is counted: requests of a user, connection attempts of a user to streams, and requests from an address. */
export type LimitKind = 'requests' | 'streams' | 'address';

export interface RateLimits {
  /** Counts one. @returns how long to wait if the limit is reached, in milliseconds; `undefined` if it is not. */
  take(kind: LimitKind, key: string): Promise<number | undefined>;
}

type Limits = Pick<Config, 'RATE_LIMIT_REQUESTS' | 'RATE_LIMIT_STREAMS' | 'RATE_LIMIT_ADDRESS'>;

/** Counts per minute, in this process. With several processes, use `RateLimiterRedis` instead of `RateLimiterMemory`. */
export function createRateLimits({ RATE_LIMIT_REQUESTS, RATE_LIMIT_STREAMS, RATE_LIMIT_ADDRESS }: Limits): RateLimits {
  const perMinute = (points: number): RateLimiterMemory => new RateLimiterMemory({ points, duration: 60 });
  const limiters: Readonly<Record<LimitKind, RateLimiterMemory>> = {
    requests: perMinute(RATE_LIMIT_REQUESTS),
    streams: perMinute(RATE_LIMIT_STREAMS),
    address: perMinute(RATE_LIMIT_ADDRESS),
  };
  return {
    async take(kind, key) {
      try {
        await limiters[kind].consume(key);
        return undefined;
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes) return refusal.msBeforeNext;
        throw refusal;
      }
    },
  };
}
