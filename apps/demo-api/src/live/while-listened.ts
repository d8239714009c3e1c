import type { Listeners } from './listeners.ts';

export interface WhileListenedOptions {
  readonly listeners: Listeners;
  /** The prefix of the topics. */
  readonly prefix: string;
  /** Starts the work for a topic when its first session opens. The returned function stops it once the last one has closed. */
  readonly start: (topic: string) => () => void;
}

/**
 * Does a topic's work only while it has sessions: otherwise no timer runs and no log grows.
 *
 * @returns a function that stops the work of every topic.
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
