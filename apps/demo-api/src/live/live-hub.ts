import { createHub, type EventLog, type Hub, type OutgoingEvent } from '@sillage/server';

/**
 * A hub for samples: measurements, prices, readings, log lines. There are many of them, and each matters for a moment only. In the durable log
 * they would push out chats and documents, so they have a separate hub with a shorter log.
 */
export interface LiveHub {
  readonly hub: Hub;
  /** Publishes without waiting: if a sample cannot be stored, it is lost. */
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
