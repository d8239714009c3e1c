import { performance } from 'node:perf_hooks';
import process from 'node:process';
import type { DataPoint } from 'demo-contract';
import { createCpuShare } from './cpu-share.ts';

/** Metrics of this process. Each call covers the time since the last one. */
export function createProcessMetrics(): () => Omit<DataPoint, 'at'>[] {
  const cpu = createCpuShare(() => {
    const { user, system } = process.cpuUsage();
    return { busy: user + system, all: performance.now() * 1_000 };
  });
  let loop = performance.eventLoopUtilization();
  return () => {
    const before = loop;
    loop = performance.eventLoopUtilization();
    const { heapUsed, rss } = process.memoryUsage();
    return [
      { metric: 'cpu', value: cpu(), unit: 'percent' },
      { metric: 'eventLoop', value: 100 * performance.eventLoopUtilization(loop, before).utilization, unit: 'percent' },
      { metric: 'heapUsed', value: heapUsed, unit: 'bytes' },
      { metric: 'residentMemory', value: rss, unit: 'bytes' },
    ];
  };
}
