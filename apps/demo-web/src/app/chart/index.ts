export { createValueFormat } from './format-value';
export { LiveChart } from './live-chart';
export { TimeSeries } from './time-series';
