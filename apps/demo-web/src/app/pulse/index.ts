export { PulseFeed } from './pulse-feed';
export { PulseFigures } from './pulse-figures';
export { PulseRibbon } from './pulse-ribbon';
