import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import { getHeapStatistics } from 'node:v8';
import type { StreamDefinition } from '@sillage/server';
import type { ServerHealth } from 'demo-contract';
import type { DemoContext } from '../demo-context.ts';
import { sampleWhileListened } from '../live/sampler.ts';

const topic = 'health';
const resolutionMs = 10;
/** A delay of the event loop that users notice. */
const busyDelayMs = 100;

/** @returns the stream `GET health/stream`: an event at every second interval. */
export function healthRoutes(context: DemoContext): StreamDefinition {
  const { config, endpoints, live, stores } = context;
  sampleWhileListened(context, {
    prefix: topic,
    intervalMs: 2 * config.SAMPLE_INTERVAL_MS,
    start() {
      const delay = monitorEventLoopDelay({ resolution: resolutionMs });
      delay.enable();
      return {
        sample() {
          // The histogram measures from timer to timer, so the resolution is subtracted. It is empty at first.
          const eventLoopDelayMs = delay.count === 0 ? 0 : Math.max(0, delay.percentile(99) / 1e6 - resolutionMs);
          delay.reset();
          const heap = getHeapStatistics();
          const data: ServerHealth = {
            status: eventLoopDelayMs < busyDelayMs ? 'ok' : 'busy',
            eventLoopDelayMs,
            heapUsedBytes: heap.used_heap_size,
            heapLimitBytes: heap.heap_size_limit,
            sessions: endpoints.sessionCount,
            logDelayMs: stores.appendDelayMs,
            store: config.STORE,
            uptimeSeconds: process.uptime(),
            at: new Date().toISOString(),
          };
          return [{ data }];
        },
        stop: () => void delay.disable(),
      };
    },
  });

  return { hub: live.hub, topics: [topic] };
}
