import { expressStream } from '@sillage/server/express';
import type { DataPoint, DataType } from 'demo-contract';
import type { Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { sampleWhileListened } from '../live/sampler.ts';
import { createMachineMetrics } from './machine-metrics.ts';
import { createProcessMetrics } from './process-metrics.ts';

const dataType = z.enum(['metrics', 'process', 'machine'] satisfies readonly DataType[]);
const prefix = 'data/';

/** `GET data/stream/:dataType`: an event a metric at each interval. */
export function dataRoutes(router: Router, context: DemoContext): void {
  const { config, endpoint, access, guard, live } = context;
  sampleWhileListened(context, {
    prefix,
    intervalMs: config.SAMPLE_INTERVAL_MS,
    // Over no time at all, a processor is always busy.
    first: 'after-an-interval',
    start(topic) {
      const measure = topic === `${prefix}process` ? createProcessMetrics() : createMachineMetrics();
      return {
        sample() {
          const at = new Date().toISOString();
          return measure().map((point) => ({ data: { ...point, at } satisfies DataPoint }));
        },
      };
    },
  });

  router.all(
    '/data/stream/:dataType',
    expressStream(endpoint, {
      ...access,
      hub: live.hub,
      authorize: ({ identity, request }) =>
        dataType.safeParse(request.params.dataType).success
          ? guard.stream(identity)
          : { kind: 'not-found', detail: `There are no such data: choose one of ${dataType.options.join(', ')}.` },
      topics: ({ request }) => {
        const type = dataType.parse(request.params.dataType);
        return [`${prefix}${type === 'metrics' ? 'process' : type}`];
      },
    }),
  );
}
