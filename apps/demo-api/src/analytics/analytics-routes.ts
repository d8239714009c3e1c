import type { StreamDefinition } from '@sillage/server';
import type { AnalyticsMetric, AnalyticsPoint } from 'demo-contract';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { sampleWhileListened } from '../live/sampler.ts';
import type { Usage } from './usage.ts';

const metricType = z.enum(['users', 'streams', 'events', 'requests', 'errors'] satisfies readonly AnalyticsMetric[]);
const prefix = 'analytics/';

/** @returns the stream `GET analytics/stream/:metricType`. */
export function analyticsRoutes(context: DemoContext, usage: Usage): StreamDefinition<{ readonly metricType: string }> {
  const { config, live } = context;
  sampleWhileListened(context, {
    prefix,
    intervalMs: config.SAMPLE_INTERVAL_MS,
    start(topic) {
      const metric = metricType.parse(topic.slice(prefix.length));
      const isNow = metric === 'users' || metric === 'streams';
      let before = usage.read(metric).total;
      return {
        sample() {
          const { value, total } = usage.read(metric);
          const point: AnalyticsPoint = {
            metric,
            value: isNow ? value : Math.max(0, total - before),
            total,
            at: new Date().toISOString(),
          };
          before = total;
          return [{ data: point }];
        },
      };
    },
  });

  return {
    hub: live.hub,
    authorize: ({ params }) =>
      metricType.safeParse(params.metricType).success
        ? 'allow'
        : { kind: 'not-found', detail: `Unknown metric. Choose one of ${metricType.options.join(', ')}.` },
    topics: ({ params }) => [`${prefix}${metricType.parse(params.metricType)}`],
  };
}
