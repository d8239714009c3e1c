import { expressStream } from '@sillage/server/express';
import type { AnalyticsMetric, AnalyticsPoint } from 'demo-contract';
import type { Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { sampleWhileListened } from '../live/sampler.ts';
import type { Usage } from './usage.ts';

const metricType = z.enum(['users', 'streams', 'events', 'requests', 'errors'] satisfies readonly AnalyticsMetric[]);
const prefix = 'analytics/';

/** `GET analytics/stream/:metricType`. */
export function analyticsRoutes(router: Router, context: DemoContext, usage: Usage): void {
  const { config, endpoint, access, guard, live } = context;
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

  router.all(
    '/analytics/stream/:metricType',
    expressStream(endpoint, {
      ...access,
      hub: live.hub,
      authorize: ({ identity, request }) =>
        metricType.safeParse(request.params.metricType).success
          ? guard.stream(identity)
          : { kind: 'not-found', detail: `There is no such metric: choose one of ${metricType.options.join(', ')}.` },
      topics: ({ request }) => [`${prefix}${metricType.parse(request.params.metricType)}`],
    }),
  );
}
