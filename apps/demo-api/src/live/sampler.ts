import type { OutgoingEvent } from '@sillage/server';
import type { DemoContext } from '../demo-context.ts';
import { whileListened } from './while-listened.ts';

export interface SamplerOptions {
  readonly prefix: string;
  readonly intervalMs: number;
  /** When the first sample is taken. A sample that covers the time since the last one needs an interval first. @default 'at-once' */
  readonly first?: 'at-once' | 'after-an-interval';
  /** Called for each topic when its first session opens. The returned `sample` is called at every interval. */
  readonly start: (topic: string) => { sample: () => readonly OutgoingEvent[]; stop?: () => void };
}

/** Measures at an interval while a topic has sessions, and publishes the samples. */
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
