import type { OutgoingEvent } from '@sillage/server';
import type { DemoContext } from '../demo-context.ts';
import { whileListened } from './while-listened.ts';

export interface SamplerOptions {
  readonly prefix: string;
  readonly intervalMs: number;
  /** When the first sample is taken. Default `'at-once'`; what tells of the time since the last one wants an interval first. */
  readonly first?: 'at-once' | 'after-an-interval';
  /** Called for each topic with its first listener; what it answers is called at every interval. */
  readonly start: (topic: string) => { sample: () => readonly OutgoingEvent[]; stop?: () => void };
}

/** Measures what a topic is about at an interval, and publishes it as a live sample. */
export function sampleWhileListened({ live, listeners, onClose }: DemoContext, options: SamplerOptions): void {
  const { prefix, intervalMs, first = 'at-once' } = options;
  const stopAll = whileListened({
    listeners,
    prefix,
    start(topic) {
      const { sample, stop } = options.start(topic);
      const publish = (): void => {
        for (const event of sample()) live.send(topic, event);
      };
      const timer = setInterval(publish, intervalMs);
      if (first === 'at-once') publish();
      return () => {
        clearInterval(timer);
        stop?.();
      };
    },
  });
  onClose(stopAll);
}
