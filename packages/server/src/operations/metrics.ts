import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { SessionSummary, StreamEndpoint, StreamEndpointOptions } from '../endpoint/index.ts';
import type { EventLog } from '../events/index.ts';
import type { Refusal } from '../http/index.ts';
import type { Hub, HubObserver } from '../hub/index.ts';
import type { SessionCloseReason } from '../sessions/index.ts';

export interface MetricsOptions {
  /** Where the metrics are registered. @default a new registry */
  readonly registry?: Registry;
  /** The value of the label `engine`: `'postgres'`, say. */
  readonly engine: string;
  /** @default 'sillage_' */
  readonly prefix?: string;
}

/** The hooks of an endpoint that count. */
type EndpointHooks = Required<Pick<StreamEndpointOptions, 'onSessionOpened' | 'onSessionClosed' | 'onRefused'>>;

export interface Metrics {
  /** Pass it to `createHub`. */
  readonly hubObserver: HubObserver;
  /** Wraps the hooks that you pass to `createStreamEndpoint`, which are called as well. */
  endpointHooks(hooks?: Partial<EndpointHooks>): EndpointHooks;
  /** Reads the gauges of these at each scrape. Call it once for each hub. */
  watch(watched: { readonly hub: Hub; readonly log: EventLog; readonly endpoints: readonly StreamEndpoint[] }): void;
  /** The metrics in the text format of Prometheus. */
  read(): Promise<string>;
  /** Of what {@link read} returns. */
  readonly contentType: string;
  readonly registry: Registry;
}

/** Seconds. A publication takes well under a millisecond in memory, and some in a database. */
const buckets = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/**
 * Counts what a hub and its endpoints do, for Prometheus. Neither users nor topics are labels: each value of a label is a time series, which the
 * database holds for weeks.
 *
 * @example
 * const metrics = createMetrics({ engine: 'memory' });
 * const hub = createHub({ log, observer: metrics.hubObserver });
 * const endpoint = createStreamEndpoint({ hub, verifier, ...metrics.endpointHooks() });
 * metrics.watch({ hub, log, endpoints: [endpoint] });
 */
export function createMetrics({ registry = new Registry(), engine, prefix = 'sillage_' }: MetricsOptions): Metrics {
  const base = <Label extends string>(name: string, help: string, labels: readonly Label[] = []) => ({
    name: prefix + name,
    help,
    labelNames: ['engine', ...labels] as const,
    registers: [registry],
  });
  const counter = <Label extends string>(name: string, help: string, labels?: readonly Label[]) =>
    new Counter(base(name, help, labels));
  const opened = counter('sessions_opened_total', 'Sessions that were opened.');
  const closed = counter('sessions_closed_total', 'Sessions that have ended, by reason.', ['reason']);
  const refused = counter('refusals_total', 'Requests that got no session, by the code of the problem.', ['code']);
  const delivered = counter('deliveries_total', 'Events that were written to live sessions, once for each session.');
  const replayed = counter('replays_total', 'Events that were written to sessions that were behind.');
  const gaps = counter('gaps_total', 'Sessions that were told that events were lost, by reason.', ['reason']);
  const publishing = new Histogram({
    ...base('publish_duration_seconds', 'From the call of publish to the answer of the log.'),
    buckets,
  });
  const writing = new Histogram({
    ...base('publish_to_write_seconds', 'From the call of publish to the writes to the sessions of the same node.'),
    buckets,
  });

  return {
    registry,
    contentType: registry.contentType,
    hubObserver: {
      published: (ms) => publishing.observe({ engine }, ms / 1_000),
      written: (ms) => writing.observe({ engine }, ms / 1_000),
      delivered: (count) => delivered.inc({ engine }, count),
      replayed: (count) => replayed.inc({ engine }, count),
      gap: (reason) => gaps.inc({ engine, reason }),
    },
    endpointHooks: (hooks = {}) => ({
      onSessionOpened(session: SessionSummary) {
        opened.inc({ engine });
        return hooks.onSessionOpened?.(session);
      },
      onSessionClosed(session: SessionSummary, reason: SessionCloseReason) {
        closed.inc({ engine, reason });
        return hooks.onSessionClosed?.(session, reason);
      },
      onRefused(refusal: Refusal, cause: unknown) {
        refused.inc({ engine, code: refusal.code });
        return hooks.onRefused?.(refusal, cause);
      },
    }),
    watch({ hub, log, endpoints }) {
      new Gauge({
        ...base('sessions', 'Sessions that are open.'),
        collect() {
          this.set(
            { engine },
            endpoints.reduce((total, { sessions }) => total + sessions.count, 0),
          );
        },
      });
      new Gauge({
        ...base('live_subscriptions', 'Subscriptions that are up to date with the log.'),
        collect() {
          this.set({ engine }, hub.liveCount);
        },
      });
      new Gauge({
        ...base('log_lag_events', 'Events that the log has and that this node has not read yet.'),
        async collect() {
          // While the log is away, the last value stands; the next metric says for how long.
          const position = await log.position().catch(() => undefined);
          if (position !== undefined) this.set({ engine }, Math.max(0, position.sequence - hub.position.sequence));
        },
      });
      new Gauge({
        ...base('log_silence_seconds', 'For how long this node has not heard from its log.'),
        collect() {
          this.set({ engine }, hub.silenceMs / 1_000);
        },
      });
    },
    read: () => registry.metrics(),
  };
}
