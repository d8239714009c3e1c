export { createValueFormat, type Unit } from './format-value';
export { LiveChart } from './live-chart';
export { TimeSeries } from './time-series';
