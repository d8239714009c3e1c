import {
  createHub,
  createMemoryEventLog,
  createStreamEndpoint,
  createStreams,
  isServerError,
  TokenRefusedError,
  type Clock,
  type Hub,
  type StreamEndpoint,
  type TokenVerifier,
} from '@sillage/server';
import { createSqliteEventLog } from '@sillage/server/sqlite';
import type { Chance } from './chance.ts';
import type { Network } from './network.ts';
import type { VirtualTime } from './virtual-time.ts';

/** The server side of one history: the real hub, sessions, logs and endpoint. */
export interface ServerWorld {
  publish(topic: string, data: unknown): Promise<void>;
  /** A new process: with its log, or with an empty one. */
  restart(log: 'kept' | 'lost'): Promise<void>;
  /** Another process takes over, and this one drains. */
  drain(): void;
  revoke(user: string): void;
  /** How far the time of day is from the one of the clients. */
  stepClock(byMs: number): void;
  close(): Promise<void>;
}

/** A token is `<user>.<expiry in ms of the simulation>`. */
export function createServerWorld(
  time: VirtualTime,
  chance: Chance,
  network: Network,
  onError: (error: unknown) => void,
): ServerWorld {
  const maxEvents = chance.between(5, 60);
  let offsetMs = 0;
  const clock: Clock = {
    now: () => time.nowMs + offsetMs,
    monotonic: () => time.nowMs,
    setTimer: (callback, ms) => time.setTimer(callback, ms),
  };
  const verifier: TokenVerifier = {
    verify(token) {
      const [user = '', expiry = ''] = token.split('.');
      if (Number(expiry) <= time.nowMs) {
        return Promise.reject(new TokenRefusedError('token-expired', 'The token has expired.'));
      }
      return Promise.resolve({
        key: user,
        tenantId: 'simulated',
        objectId: user,
        kind: 'user' as const,
        scopes: [],
        roles: [],
        expiresAtMs: Number(expiry) + offsetMs,
        supportsClaimsChallenge: false,
        claims: {},
      });
    },
  };
  let epochs = 0;
  const createLog = () => {
    const epoch = `e${(epochs += 1)}`;
    return useSqlite
      ? createSqliteEventLog({ path: ':memory:', maxEvents, epoch })
      : createMemoryEventLog({ maxEvents, epoch });
  };
  const useSqlite = chance.happens(0.3);
  let log = createLog();
  let current = serve();

  function serve(): { hub: Hub; endpoint: StreamEndpoint } {
    const hub = createHub({ log, maxRecentEvents: chance.between(1, maxEvents) });
    const endpoint = createStreamEndpoint({
      hub,
      verifier,
      clock,
      heartbeatMs: 2_000,
      stallMs: 10_000,
      maxUnsentBytes: 2_000,
      onError: (error) => {
        // A request that was in progress when its process ended.
        if (!isServerError(error) || error.code !== 'hub-closed') onError(error);
      },
      ...(chance.happens(0.5) ? { maxSessionMs: chance.between(3_000, 60_000) } : {}),
    });
    const streams = createStreams({ '/topics/:topic': { topics: ({ params }) => [params.topic] } }, { endpoint });
    network.route = (exchange, pathname) => streams.handle(exchange, pathname);
    return { hub, endpoint };
  }

  async function stop({ hub, endpoint }: typeof current): Promise<void> {
    endpoint.close();
    await hub.close();
  }

  return {
    async publish(topic, data) {
      await current.hub.publish(topic, { data });
    },
    async restart(kept) {
      const old = current;
      network.route = undefined;
      network.cut(1);
      await stop(old);
      if (kept === 'lost') log = createLog();
      current = serve();
    },
    drain() {
      const old = current;
      current = serve();
      void old.endpoint
        .drain({ windowMs: 5_000, maxRetryMs: 2_000, random: () => chance.next() })
        .then(() => stop(old));
    },
    revoke(user) {
      void current.endpoint.revoke(user);
    },
    stepClock(byMs) {
      offsetMs += byMs;
    },
    async close() {
      await stop(current);
      await log.close();
    },
  };
}
