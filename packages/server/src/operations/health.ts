import { systemClock } from '../core/index.ts';
import type { Clock } from '../core/index.ts';
import type { StreamEndpoint } from '../endpoint/index.ts';
import type { EventLog } from '../events/index.ts';
import type { Hub } from '../hub/index.ts';

export interface HealthOptions {
  readonly hub: Hub;
  readonly log: EventLog;
  readonly endpoints: readonly StreamEndpoint[];
  /** How long the log may take to answer. @default 2_000 */
  readonly logTimeoutMs?: number;
  /** How long this node may not have heard from its log. The same as `maxHubSilenceMs` of its endpoints. @default 10_000 */
  readonly maxHubSilenceMs?: number;
  /** More checks, by their name. One that throws or rejects fails with the error's message. */
  readonly checks?: Readonly<Record<string, () => unknown>>;
  readonly clock?: Clock;
}

/** The checks of a node, by their name: `'ok'`, or what is wrong. */
export interface HealthReport {
  readonly status: 'ok' | 'failing';
  readonly checks: Readonly<Record<string, string>>;
}

/** Whether a node can do its work. */
export interface Health {
  /** For `/readyz`: whether a load balancer should send it requests. Never rejects. */
  ready(): Promise<HealthReport>;
}

/**
 * Checks a node. It fails closed: a check that cannot be made has failed.
 *
 * @example const health = createHealth({ hub, log, endpoints: [endpoint] });
 */
export function createHealth(options: HealthOptions): Health {
  const { hub, log, endpoints, logTimeoutMs = 2_000, maxHubSilenceMs = 10_000, clock = systemClock } = options;
  const checks: Record<string, () => unknown> = {
    sessions() {
      if (endpoints.some(({ isOpen }) => !isOpen)) throw new Error('The server is shutting down.');
    },
    log: () => within(logTimeoutMs, log.position(), clock),
    async hub() {
      await within(logTimeoutMs, hub.ready(), clock);
      if (hub.silenceMs <= maxHubSilenceMs) return;
      throw new Error(`This node has not heard from its log for ${Math.round(hub.silenceMs / 1_000)} s.`);
    },
    ...options.checks,
  };

  return {
    async ready() {
      const results = await Promise.all(
        Object.entries(checks).map(async ([name, check]) => {
          try {
            await check();
            return [name, 'ok'] as const;
          } catch (error) {
            return [name, error instanceof Error ? error.message : String(error)] as const;
          }
        }),
      );
      const isReady = results.every(([, result]) => result === 'ok');
      return { status: isReady ? 'ok' : 'failing', checks: Object.fromEntries(results) };
    },
  };
}

async function within<T>(ms: number, work: Promise<T>, clock: Clock): Promise<T> {
  let cancel = (): void => undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.setTimer(() => reject(new Error(`There was no answer within ${ms} ms.`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}
