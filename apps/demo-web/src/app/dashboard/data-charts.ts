import { signal } from '@angular/core';
import type { DataPoint, DataType } from 'demo-contract';
import { TimeSeries } from '@app/chart';
import { unitHeadings } from './metric-names';

interface DataChart {
  readonly name: string;
  readonly heading: string;
  readonly unit: DataPoint['unit'];
  readonly series: TimeSeries;
}

/** Sorts the points of one data stream into charts: one for each unit, as values of different units share no axis. */
export function createDataCharts(type: DataType, maxPoints: number) {
  const charts = signal<readonly DataChart[]>([]);
  return {
    charts: charts.asReadonly(),
    add({ metric, value, unit, at }: DataPoint): void {
      let chart = charts().find((known) => known.unit === unit);
      if (chart === undefined) {
        const heading = unitHeadings[unit];
        chart = { name: `${type}-${unit}`, heading, unit, series: new TimeSeries({ maxPoints }) };
        charts.set([...charts(), chart]);
      }
      chart.series.add(metric, at, value);
    },
  };
}
