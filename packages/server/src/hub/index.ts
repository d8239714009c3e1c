export { createHub } from './hub.ts';
export type { Hub, HubOptions, PublishOptions, TopicEvent } from './hub.ts';
export type { HubObserver } from './hub-observer.ts';
export type { SignalListener, Signals } from './signals.ts';
export { completeBlock, completeId } from './subscription-sink.ts';
export type { SubscriptionSink } from './subscription-sink.ts';
export type { SubscribeOptions, SubscriptionSnapshot } from './subscription.ts';
