/** Whose numbers `data/stream/:dataType` sends: the API's process, or its machine. `metrics`, the guide's word, is the process. */
export type DataType = 'metrics' | 'process' | 'machine';

/** An event of `data/stream/:dataType`. */
export interface DataPoint {
  /** What is measured, such as `cpu`, `heapUsed` or `freeMemory`. */
  readonly metric: string;
  readonly value: number;
  readonly unit: 'percent' | 'bytes' | 'milliseconds' | 'count';
  /** ISO 8601. */
  readonly at: string;
}

/** What `analytics/stream/:metricType` counts, of this API's own use. */
export type AnalyticsMetric = 'users' | 'streams' | 'events' | 'requests' | 'errors';

/** An event of `analytics/stream/:metricType`, once a second. */
export interface AnalyticsPoint {
  readonly metric: AnalyticsMetric;
  /** `users` and `streams`: now. The others: in the last second. */
  readonly value: number;
  /** Since the API started; for `users` and `streams`, the most at once. */
  readonly total: number;
  /** ISO 8601. */
  readonly at: string;
}

/** An event of `health/stream`, every two seconds. */
export interface ServerHealth {
  readonly status: 'ok' | 'busy';
  /** The 99th percentile of the last interval. */
  readonly eventLoopDelayMs: number;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  readonly sessions: number;
  /** How long the last append to the event log took. */
  readonly logDelayMs: number;
  readonly store: 'memory' | 'sqlite' | 'postgres' | 'redis';
  readonly uptimeSeconds: number;
  /** ISO 8601. */
  readonly at: string;
}
