import { randomUUID } from 'node:crypto';
import type { PulseReport } from 'demo-contract';
import type { DemoContext } from '../demo-context.ts';

export const pulseTopic = 'pulse';
const intervalMs = 50;
/** How long the events continue without a listener: an interrupted page shall miss some, and get them. */
const lingerMs = 30_000;

/** Twenty numbered events a second, while somebody listens and for half a minute after. */
export interface PulseSource {
  readonly report: PulseReport;
}

/**
 * The numbers continue over a shutdown and a start, because a shutdown stores the last one. After a kill the last number is not known: a new run
 * begins, so that a page never counts against a wrong number.
 */
export function createPulse({
  live,
  listeners,
  stores,
  onClose,
}: Pick<DemoContext, 'live' | 'listeners' | 'stores' | 'onClose'>): PulseSource {
  const table = stores.state.table<PulseReport>('pulse', { perOwner: 1, past: 'forget-own' });
  const stored = table.get(pulseTopic);
  const run = stored?.run ?? randomUUID();
  let published = stored?.published ?? 0;
  table.delete(pulseTopic);
  let timer: NodeJS.Timeout | undefined;
  let linger: NodeJS.Timeout | undefined;

  const publish = (): void => {
    published += 1;
    live.send(pulseTopic, { data: { run, seq: published, at: new Date().toISOString() } });
  };
  const stop = (): void => {
    clearInterval(timer);
    clearTimeout(linger);
    timer = linger = undefined;
  };
  listeners.watch(pulseTopic, () => {
    if (listeners.count(pulseTopic) > 0) {
      clearTimeout(linger);
      linger = undefined;
      timer ??= setInterval(publish, intervalMs);
    } else linger ??= setTimeout(stop, lingerMs);
  });
  onClose(() => {
    stop();
    table.set(pulseTopic, { run, published }, 'pulse');
  });

  return {
    get report() {
      return { run, published };
    },
  };
}
