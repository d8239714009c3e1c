import type { AnalyticsMetric, DataPoint } from 'demo-contract';

/** What the numbers of the API are called on the page; those that are not known here keep the API's name. */
export const metricNames: Readonly<Record<string, string>> = {
  cpu: $localize`:@@metric.cpu:Processor`,
  eventLoop: $localize`:@@metric.event-loop:Event loop`,
  heapUsed: $localize`:@@metric.heap-used:Heap in use`,
  residentMemory: $localize`:@@metric.resident-memory:Resident`,
  freeMemory: $localize`:@@metric.free-memory:Free`,
  usedMemory: $localize`:@@metric.used-memory:In use`,
  load: $localize`:@@metric.load:Load, last minute`,
};

export const unitHeadings: Readonly<Record<DataPoint['unit'], string>> = {
  percent: $localize`:@@unit.percent:Utilisation`,
  bytes: $localize`:@@unit.bytes:Memory`,
  milliseconds: $localize`:@@unit.milliseconds:Delays`,
  count: $localize`:@@unit.count:Load`,
};

export const analyticsNames: Readonly<Record<AnalyticsMetric, string>> = {
  users: $localize`:@@analytics.users:People connected`,
  streams: $localize`:@@analytics.streams:Open streams`,
  events: $localize`:@@analytics.events:Events a second`,
  requests: $localize`:@@analytics.requests:Requests a second`,
  errors: $localize`:@@analytics.errors:Errors a second`,
};
