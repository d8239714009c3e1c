import type { Identity } from '../auth/index.ts';
import type { Clock } from '../core/index.ts';
import { createDeadlines } from './deadlines.ts';
import type { Session, SessionCloseReason } from './session.ts';

export interface SessionCounts {
  readonly count: number;
  /** How many sessions each user has, by `Identity.key`. */
  readonly byUser: ReadonlyMap<string, number>;
}

export interface SessionRegistryOptions {
  readonly clock: Clock;
  /** `undefined` sends no heartbeats. */
  readonly heartbeatMs: number | undefined;
  readonly stallMs: number;
}

export interface SessionRegistry {
  add(session: Session): void;
  delete(session: Session): void;
  /** Ends the sessions that the predicate picks, and returns how many. */
  close(reason: SessionCloseReason, isMeant: (identity: Identity) => boolean): number;
  counts(): SessionCounts;
}

/** A heartbeat is sent at most a tenth of its interval late; a client waits for two and a half intervals (PROTOCOL 3.2). */
const checksPerInterval = 10;

/**
 * Knows the open sessions. One timer checks all of them for heartbeats and stalled clients, and one waits for the next deadline: with
 * timers of its own, each session would move one at every write.
 */
export function createSessionRegistry({ clock, heartbeatMs, stallMs }: SessionRegistryOptions): SessionRegistry {
  const sessions = new Set<Session>();
  const countByUser = new Map<string, number>();
  const deadlines = createDeadlines(clock);
  const checkEveryMs = Math.max(1, Math.ceil(Math.min(heartbeatMs ?? stallMs, stallMs) / checksPerInterval));
  let stopTimer: (() => void) | undefined;

  function checkAll(): void {
    stopTimer = undefined;
    for (const session of sessions) session.check(heartbeatMs, stallMs);
    // A hook may have opened a session meanwhile, which has armed the timer.
    if (sessions.size > 0) stopTimer ??= clock.setTimer(checkAll, checkEveryMs);
  }

  return {
    add(session) {
      sessions.add(session);
      deadlines.add(session);
      const { key } = session.identity;
      countByUser.set(key, (countByUser.get(key) ?? 0) + 1);
      stopTimer ??= clock.setTimer(checkAll, checkEveryMs);
    },
    delete(session) {
      if (!sessions.delete(session)) return;
      deadlines.delete(session);
      const { key } = session.identity;
      const count = (countByUser.get(key) ?? 0) - 1;
      if (count > 0) countByUser.set(key, count);
      else countByUser.delete(key);
      if (sessions.size > 0) return;
      stopTimer?.();
      stopTimer = undefined;
    },
    close(reason, isMeant) {
      // Chosen before the first one ends: ending them changes the set.
      const meant = [...sessions].filter((session) => isMeant(session.identity));
      for (const session of meant) session.close(reason);
      return meant.length;
    },
    counts: () => ({ count: sessions.size, byUser: new Map(countByUser) }),
  };
}
