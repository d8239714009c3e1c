import type { GapReason } from '../events/index.ts';

/** Hears of a hub's work, for metrics. Each method is called once for many events, and must not throw. */
export interface HubObserver {
  /** The log has stored an event of this node, after that many milliseconds. Not called for events in a transaction of the application. */
  published?(durationMs: number): void;
  /** An event that this node published was written to this node's sessions, that many milliseconds after `publish` was called. */
  written?(latencyMs: number): void;
  /** That many events were written to live sessions: an event counts once for each. */
  delivered?(count: number): void;
  /** That many events were written to a session that was behind. */
  replayed?(count: number): void;
  /** A session was told that events were lost. */
  gap?(reason: GapReason): void;
}
