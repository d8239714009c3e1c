import type { EventLog, Hub } from '@sillage/server';
import {
  createHealth,
  createMetrics,
  createOperations,
  type Metrics,
  type Operations,
} from '@sillage/server/operations';
import type { Config } from '../config.ts';
import type { Endpoints } from './endpoints.ts';

/** Counts what the API does. */
export function createApiMetrics({ STORE }: Pick<Config, 'STORE'>): Metrics {
  return createMetrics({ engine: STORE });
}

/** What platforms and Prometheus ask this API. */
export function observe(
  metrics: Metrics,
  { hub, log, endpoints }: { readonly hub: Hub; readonly log: EventLog; readonly endpoints: Endpoints },
): Operations {
  const watched = { hub, log, endpoints: [endpoints.main, endpoints.allTransports] };
  metrics.watch(watched);
  return createOperations({ metrics, health: createHealth(watched) });
}
