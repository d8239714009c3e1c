export { PulseFeed, type Outage, type PulseSight } from './pulse-feed';
export { PulseFigures } from './pulse-figures';
export { PulseRibbon } from './pulse-ribbon';
export { PulseTally, type PulseFigures as Figures } from './pulse-tally';
