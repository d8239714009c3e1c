import { formatEventId } from '../events/index.ts';
import type { EventLog, EventPlace, LoggedEvent } from '../events/index.ts';

/** What a node does with the signals of one kind. */
export interface SignalListener {
  /** A node has sent it; this one hears its own as well. Must not throw. */
  onSignal(data: unknown): void;
  /** Some signals may have been lost: the log no longer holds them. Must not throw. */
  onMissed(): void;
}

/**
 * Messages between the nodes of a hub. They travel in the hub's log, among its events, so they need no other service, and a node that missed some
 * (because its connection to the log was cut) gets them afterwards.
 */
export interface Signals {
  /** Resolves once the log has it. Every node that follows the log gets it. */
  send(kind: string, data: unknown): Promise<void>;
  /** Returns a function that stops listening. */
  listen(kind: string, listener: SignalListener): () => void;
}

export interface HubSignals extends Signals {
  accept(events: readonly LoggedEvent[]): void;
  /** The log's tail has jumped from one position to another: reads what was sent between. */
  catchUp(from: EventPlace, to: EventPlace): Promise<void>;
}

/** No client can ask for such a topic, because topics have no control characters. */
const prefix = '\u0001';
const maxPageEvents = 256;
const maxPageBytes = 2 ** 20;

export function createSignals(log: EventLog): HubSignals {
  const listeners = new Map<string, Set<SignalListener>>();

  function deliver({ topic, data }: LoggedEvent): void {
    for (const listener of listeners.get(topic.slice(prefix.length)) ?? []) listener.onSignal(JSON.parse(data));
  }

  async function readBetween(from: EventPlace, to: EventPlace): Promise<'complete' | 'missed'> {
    const topics = [...listeners.keys()].map((kind) => prefix + kind);
    for (let after = formatEventId(from); ;) {
      const page = await log.read({ after, topics, maxEvents: maxPageEvents, maxBytes: maxPageBytes });
      if (page.gap !== undefined) return 'missed';
      // What follows, the tail brings.
      for (const event of page.events) if (event.sequence <= to.sequence) deliver(event);
      if (page.place.sequence >= to.sequence || page.place.epoch !== to.epoch) return 'complete';
      after = formatEventId(page.place);
    }
  }

  return {
    async send(kind, data) {
      await log.append(prefix + kind, { type: 'signal', data: JSON.stringify(data) });
    },
    listen(kind, listener) {
      const others = listeners.get(kind) ?? new Set();
      listeners.set(kind, others.add(listener));
      return () => {
        others.delete(listener);
        if (others.size === 0 && listeners.get(kind) === others) listeners.delete(kind);
      };
    },
    accept(events) {
      if (listeners.size === 0) return;
      for (const event of events) if (event.topic.startsWith(prefix)) deliver(event);
    },
    async catchUp(from, to) {
      if (listeners.size === 0) return;
      // A log that cannot be read now has lost nothing for certain, and nothing may be missed for certain either.
      const outcome = await readBetween(from, to).catch(() => 'missed' as const);
      if (outcome === 'complete') return;
      for (const ofKind of listeners.values()) for (const listener of ofKind) listener.onMissed();
    },
  };
}
