import type { Listeners } from './listeners.ts';

export interface WhileListenedOptions {
  readonly listeners: Listeners;
  /** Of the topics that are meant. */
  readonly prefix: string;
  /** Begins the work for a topic that has its first listener. The answer ends it, once the last one has gone. */
  readonly start: (topic: string) => () => void;
}

/**
 * Does a topic's work while somebody listens to it, and none otherwise: no timer runs, and no log grows, for nobody.
 *
 * @returns ends the work of every topic.
 */
export function whileListened({ listeners, prefix, start }: WhileListenedOptions): () => void {
  const running = new Map<string, () => void>();
  listeners.watch(prefix, (topic) => {
    const stop = running.get(topic);
    const isWanted = listeners.count(topic) > 0;
    if (isWanted && stop === undefined) running.set(topic, start(topic));
    if (isWanted || stop === undefined) return;
    running.delete(topic);
    stop();
  });
  return () => {
    for (const stop of running.values()) stop();
    running.clear();
  };
}
