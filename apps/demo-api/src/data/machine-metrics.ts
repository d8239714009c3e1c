import { cpus, freemem, loadavg, totalmem } from 'node:os';
import type { DataPoint } from 'demo-contract';
import { createCpuShare } from './cpu-share.ts';

/** Metrics of the machine that this API runs on. Each call covers the time since the last one. */
export function createMachineMetrics(): () => Omit<DataPoint, 'at'>[] {
  const cpu = createCpuShare(() => {
    let all = 0;
    let idle = 0;
    for (const { times } of cpus()) {
      all += times.user + times.nice + times.sys + times.irq + times.idle;
      idle += times.idle;
    }
    return { busy: all - idle, all };
  });
  return () => [
    { metric: 'cpu', value: cpu(), unit: 'percent' },
    { metric: 'load', value: loadavg()[0] ?? 0, unit: 'count' },
    { metric: 'freeMemory', value: freemem(), unit: 'bytes' },
    { metric: 'usedMemory', value: totalmem() - freemem(), unit: 'bytes' },
  ];
}
