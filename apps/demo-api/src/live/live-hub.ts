import { createHub, type EventLog, type Hub, type OutgoingEvent } from '@sillage/server';

/**
 * Where samples are published: measurements, prices, readings, log lines. They are about a moment, and many; in the log of what must not be
 * lost they would push chats and documents out. So they have a hub of their own, over a shorter log.
 */
export interface LiveHub {
  readonly hub: Hub;
  /** Publishes without waiting: nobody can do anything about a sample that was not stored. */
  send(topic: string, event: OutgoingEvent): void;
  close(): Promise<void>;
}

export interface LiveHubOptions {
  readonly log: EventLog;
  readonly onSent: (topic: string) => void;
  readonly onFailure: (error: unknown) => void;
}

export function createLiveHub({ log, onSent, onFailure }: LiveHubOptions): LiveHub {
  const hub = createHub({ log });
  let isClosed = false;
  return {
    hub,
    send(topic, event) {
      if (!isClosed) hub.publish(topic, event).then(() => onSent(topic), onFailure);
    },
    async close() {
      isClosed = true;
      await hub.close();
    },
  };
}
