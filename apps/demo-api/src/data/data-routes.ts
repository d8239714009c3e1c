import type { StreamDefinition } from '@sillage/server';
import type { DataPoint, DataType } from 'demo-contract';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { sampleWhileListened } from '../live/sampler.ts';
import { createMachineMetrics } from './machine-metrics.ts';
import { createProcessMetrics } from './process-metrics.ts';

const dataType = z.enum(['metrics', 'process', 'machine'] satisfies readonly DataType[]);
const prefix = 'data/';

/** @returns the stream `GET data/stream/:dataType`: one event per metric and interval. */
export function dataRoutes(context: DemoContext): StreamDefinition<{ readonly dataType: string }> {
  const { config, live } = context;
  sampleWhileListened(context, {
    prefix,
    intervalMs: config.SAMPLE_INTERVAL_MS,
    // The load of a processor needs an interval.
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

  return {
    hub: live.hub,
    authorize: ({ params }) =>
      dataType.safeParse(params.dataType).success
        ? 'allow'
        : { kind: 'not-found', detail: `Unknown data. Choose one of ${dataType.options.join(', ')}.` },
    topics: ({ params }) => {
      const type = dataType.parse(params.dataType);
      return [`${prefix}${type === 'metrics' ? 'process' : type}`];
    },
  };
}
