import { createHub, createMemoryEventLog, type Hub, type OutgoingEvent } from '@sillage/server';

/**
 * Where samples are published: measurements, prices, readings, log lines. They are about a moment, and worth nothing once it is over;
 * in the hub of what must not be lost they would push chats and documents out of the log, and wear the disk. So they have a
 * hub of their own over a small log in memory: enough for a client that reconnects. After a restart, its clients are told a gap.
 */
export interface LiveHub {
  readonly hub: Hub;
  /** Publishes without waiting: nobody can do anything about a sample that was not stored. */
  send(topic: string, event: OutgoingEvent): void;
  close(): Promise<void>;
}

export interface LiveHubOptions {
  readonly onSent: (topic: string) => void;
  readonly onFailure: (error: unknown) => void;
}

export function createLiveHub({ onSent, onFailure }: LiveHubOptions): LiveHub {
  const log = createMemoryEventLog({ maxEvents: 5_000, maxBytes: 8 * 2 ** 20 });
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
      await log.close();
    },
  };
}
