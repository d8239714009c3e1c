import type { EventLog, LoggedEvent, LogTailListener } from '../events/event-log.ts';
import { settle } from '../core/tick.fixture.ts';

/**
 * Makes a log behave as one across a network: answers come late, and the tail brings events in batches, some time after they can be
 * read. `random` decides, so that a seed is a run.
 */
export function slowDown(log: EventLog, random: () => number): EventLog {
  const late = async <T>(value: Promise<T>): Promise<T> => {
    const result = await value;
    await settle(Math.floor(random() * 4));
    return result;
  };
  return {
    append: (topic, entry) => late(log.append(topic, entry)),
    read: (request) => late(log.read(request)),
    position: () => late(log.position()),
    close: () => log.close(),
    async tail(listener: LogTailListener) {
      let batch: LoggedEvent[] = [];
      let isDelivering = false;
      const deliver = async (): Promise<void> => {
        isDelivering = true;
        while (batch.length > 0) {
          await settle(1 + Math.floor(random() * 5));
          const events = batch;
          batch = [];
          listener.onEvents(events);
        }
        isDelivering = false;
      };
      return late(
        log.tail({
          onReset: (place) => listener.onReset(place),
          onEvents(events) {
            batch.push(...events);
            if (!isDelivering) void deliver();
          },
        }),
      );
    },
  };
}
