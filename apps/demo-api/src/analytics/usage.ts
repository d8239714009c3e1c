import type { AnalyticsMetric } from 'demo-contract';

/** Counts how the API itself is used. */
export interface Usage {
  count(metric: 'events' | 'requests' | 'errors'): void;
  /** Records the current numbers. */
  note(users: number, streams: number): void;
  /** `value`: the current number, or the count since the start. `total`: the count since the start, or the highest number at once. */
  read(metric: AnalyticsMetric): { readonly value: number; readonly total: number };
}

export function createUsage(): Usage {
  const counts = { events: 0, requests: 0, errors: 0 };
  const now = { users: 0, streams: 0 };
  const most = { users: 0, streams: 0 };
  return {
    count(metric) {
      counts[metric] += 1;
    },
    note(users, streams) {
      Object.assign(now, { users, streams });
      most.users = Math.max(most.users, users);
      most.streams = Math.max(most.streams, streams);
    },
    read(metric) {
      if (metric === 'users' || metric === 'streams') return { value: now[metric], total: most[metric] };
      return { value: counts[metric], total: counts[metric] };
    },
  };
}
