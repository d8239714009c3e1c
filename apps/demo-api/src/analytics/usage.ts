import type { AnalyticsMetric } from 'demo-contract';

/** What this API counts of its own use. */
export interface Usage {
  count(metric: 'events' | 'requests' | 'errors'): void;
  /** Notes how many there are at this moment. */
  note(users: number, streams: number): void;
  /** How many there are now, or have been since the start; and since the start at all, or the most at once. */
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
