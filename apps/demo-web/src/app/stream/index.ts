export { StreamBar } from './stream-bar';
export { StreamStateLine } from './stream-state-line';
export { shownState, type ShownState } from './shown-state';
export { StreamView, type Received } from './stream-view';
