export { COMPLETE } from './event-sender.ts';
export type { SubscriptionSink, SubscriptionSnapshot } from './event-sender.ts';
export { createHub } from './hub.ts';
export type { Hub, HubOptions } from './hub.ts';
export type { SubscribeOptions } from './subscription.ts';
