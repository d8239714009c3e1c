import type { Identity } from '../auth/index.ts';
import type { Clock } from '../core/index.ts';
import type { Session, SessionCloseReason } from './session.ts';

export interface SessionCounts {
  readonly count: number;
  /** How many sessions each user has, by `Identity.key`. */
  readonly byUser: ReadonlyMap<string, number>;
}

export interface SessionRegistryOptions {
  readonly clock: Clock;
  /** `null` sends no heartbeats. */
  readonly heartbeatMs: number | null;
  readonly stallMs: number;
}

export interface SessionRegistry {
  add(session: Session): void;
  delete(session: Session): void;
  /** Ends the sessions that the predicate picks, and answers how many. */
  close(reason: SessionCloseReason, isMeant: (identity: Identity) => boolean): number;
  counts(): SessionCounts;
}

/** A heartbeat comes at most a tenth of its interval late; a client waits for two and a half intervals (PROTOCOL 3.2). */
const CHECKS_PER_INTERVAL = 10;

/**
 * Knows the open sessions, and checks on all of them from one timer: a timer each would cost a write's worth for every event,
 * as each write would have to move it. Without sessions there is no timer.
 */
export function createSessionRegistry({ clock, heartbeatMs, stallMs }: SessionRegistryOptions): SessionRegistry {
  const sessions = new Set<Session>();
  const byUser = new Map<string, Set<Session>>();
  const checkEveryMs = Math.max(1, Math.ceil(Math.min(heartbeatMs ?? stallMs, stallMs) / CHECKS_PER_INTERVAL));
  let stopTimer: (() => void) | undefined;

  function checkAll(): void {
    stopTimer = undefined;
    for (const session of sessions) session.check(heartbeatMs, stallMs);
    if (sessions.size > 0) stopTimer = clock.setTimer(checkAll, checkEveryMs);
  }

  return {
    add(session) {
      sessions.add(session);
      const ofUser = byUser.get(session.identity.key);
      if (ofUser === undefined) byUser.set(session.identity.key, new Set([session]));
      else ofUser.add(session);
      stopTimer ??= clock.setTimer(checkAll, checkEveryMs);
    },
    delete(session) {
      sessions.delete(session);
      const ofUser = byUser.get(session.identity.key);
      ofUser?.delete(session);
      if (ofUser?.size === 0) byUser.delete(session.identity.key);
      if (sessions.size > 0) return;
      stopTimer?.();
      stopTimer = undefined;
    },
    close(reason, isMeant) {
      // A copy: ending them changes the set.
      const meant = [...sessions].filter((session) => isMeant(session.identity));
      for (const session of meant) session.close(reason);
      return meant.length;
    },
    counts() {
      const counts = new Map<string, number>();
      for (const [userKey, ofUser] of byUser) counts.set(userKey, ofUser.size);
      return { count: sessions.size, byUser: counts };
    },
  };
}
