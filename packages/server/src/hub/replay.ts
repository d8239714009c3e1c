import { formatEventId, joinBlocks } from '../events/index.ts';
import type { EventLog, EventPlace, LogGap, LogPage } from '../events/index.ts';
import type { FanOut } from './fan-out.ts';
import { createRecentEvent } from './recent-events.ts';
import type { RecentEvent } from './recent-events.ts';

/** Events that follow a position, read once for all sessions that are at that position. */
export interface ReplayPage {
  readonly events: readonly RecentEvent[];
  /** All of the events in one buffer, encoded and joined at the first call. */
  bytes(): Uint8Array;
  /** The position after which the next page begins: no event up to here is missing. */
  readonly place: EventPlace;
  readonly gap: LogGap | undefined;
}

export interface ReplayOptions {
  readonly log: EventLog;
  readonly fanOut: FanOut;
  readonly schedule: (task: () => void) => void;
  readonly maxPageEvents: number;
  readonly maxPageBytes: number;
  /** How many bytes of pages are kept for other sessions. */
  readonly maxCachedBytes: number;
}

export interface Replay {
  /** The events after a sequence that {@link FanOut.covers}. Synchronous, so that a session can join the live ones in the same turn. */
  fromMemory(topics: readonly string[], sequence: number): ReplayPage;
  fromLog(topics: readonly string[], after: string): Promise<ReplayPage>;
  /** Drops what is kept: nobody replays any more. */
  clear(): void;
}

/**
 * Pages end at multiples of this sequence where they can. Sessions that lost their connections at different moments then ask for the same
 * pages from the second one on, so that a thousand of them cost little more than one.
 */
const pageAlignment = 256;
/** How many pages of the log are read at a time. Each may block the event loop for as long as an embedded database takes. */
const maxParallelReads = 4;

export function createReplay(options: ReplayOptions): Replay {
  const { log, fanOut, schedule, maxPageEvents, maxPageBytes, maxCachedBytes } = options;
  const cache = new Map<string, { readonly page: ReplayPage; readonly bytes: number }>();
  const reading = new Map<string, Promise<ReplayPage>>();
  let cachedBytes = 0;
  const waiting: (() => void)[] = [];
  let activeReads = 0;
  let isScheduled = false;

  function keep(key: string, after: string, page: ReplayPage): ReplayPage {
    // A gap may be none for the next session: a position that was ahead of the log can have become one of its own. And a page that
    // does not move the position would hold the next session there, although the log has new events.
    if (page.gap !== undefined || formatEventId(page.place) === after) return page;
    const bytes = key.length + page.events.reduce((total, { event }) => total + event.data.length, 0);
    cache.set(key, { page, bytes });
    cachedBytes += bytes;
    for (const [oldest, held] of cache) {
      if (cachedBytes <= maxCachedBytes) break;
      cache.delete(oldest);
      cachedBytes -= held.bytes;
    }
    return page;
  }

  function readNext(): void {
    isScheduled = false;
    while (activeReads < maxParallelReads) {
      const start = waiting.shift();
      if (start === undefined) return;
      activeReads += 1;
      start();
    }
  }

  function scheduleReads(): void {
    if (isScheduled || waiting.length === 0) return;
    isScheduled = true;
    // In a later turn even if a read has just ended: I/O and other sessions come between.
    schedule(readNext);
  }

  async function load(topics: readonly string[], after: string, key: string): Promise<ReplayPage> {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      scheduleReads();
    });
    try {
      const page = await log.read({ after, topics, maxEvents: maxPageEvents, maxBytes: maxPageBytes });
      return keep(key, after, createPage(align(page, fanOut.position)));
    } finally {
      activeReads -= 1;
      reading.delete(key);
      scheduleReads();
    }
  }

  return {
    fromMemory(topics, sequence) {
      const { epoch } = fanOut.position;
      const after = formatEventId({ epoch, sequence });
      const key = cacheKey(topics, after);
      const kept = cache.get(key)?.page;
      if (kept !== undefined) return kept;
      const events: RecentEvent[] = [];
      const boundary = sequence - (sequence % pageAlignment) + pageAlignment;
      let bytes = 0;
      let through = Math.min(boundary, fanOut.position.sequence);
      for (const recent of fanOut.recentAfter(sequence)) {
        if (recent.event.sequence > through) break;
        if (!topics.includes(recent.event.topic)) continue;
        bytes += recent.bytes().byteLength;
        if (events.length > 0 && bytes > maxPageBytes) {
          through = recent.event.sequence - 1;
          break;
        }
        events.push(recent);
      }
      return keep(key, after, createPage({ events, place: { epoch, sequence: through } }));
    },
    fromLog(topics, after) {
      const key = cacheKey(topics, after);
      const kept = cache.get(key)?.page;
      if (kept !== undefined) return Promise.resolve(kept);
      let pending = reading.get(key);
      if (pending === undefined) reading.set(key, (pending = load(topics, after, key)));
      return pending;
    },
    clear() {
      cache.clear();
      cachedBytes = 0;
    },
  };
}

/** No topic holds a line break. */
function cacheKey(topics: readonly string[], after: string): string {
  return `${after}\n${topics.join('\n')}`;
}

/** Leaves out what lies past the last multiple of {@link pageAlignment}, if the log has more than this page. */
function align(page: LogPage, position: EventPlace): Pick<ReplayPage, 'events' | 'place' | 'gap'> {
  const { events, place, gap } = page;
  const [first] = events;
  const boundary = place.sequence - (place.sequence % pageAlignment);
  if (first === undefined || first.sequence > boundary || place.sequence >= position.sequence) {
    return { events: events.map(createRecentEvent), place, gap };
  }
  return {
    events: events.filter(({ sequence }) => sequence <= boundary).map(createRecentEvent),
    place: { epoch: place.epoch, sequence: boundary },
    gap,
  };
}

function createPage({ events, place, gap }: Partial<ReplayPage> & Pick<ReplayPage, 'events' | 'place'>): ReplayPage {
  let joined: Uint8Array | undefined;
  return { events, place, gap, bytes: () => (joined ??= joinBlocks(events.map((event) => event.bytes()))) };
}
