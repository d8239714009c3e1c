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
  /**
   * Asks every client to continue elsewhere, and ends the sessions that are still there at the end of the window. Resolves when none is
   * left, at the latest then. Sessions must not be added meanwhile.
   */
  drain(options: Required<DrainOptions>): Promise<void>;
}

/** How {@link StreamEndpoint.drain} empties a server. */
export interface DrainOptions {
  /** How long clients have to move, in ms. Less than what the platform gives a process between SIGTERM and SIGKILL. @default 20_000 */
  readonly windowMs?: number;
  /**
   * Clients that have not moved by then reconnect at random times within this time, in ms, so that they do not all do it at once.
   * @default 5_000
   */
  readonly maxRetryMs?: number;
  /** At least 0 and less than 1. @default Math.random */
  readonly random?: () => number;
}

/** A heartbeat is sent at most a tenth of its interval late; a client waits for two and a half intervals (PROTOCOL 3.2). */
const checksPerInterval = 10;
/** The part of a drain's window within which clients are asked to move. */
const rotationShare = 0.7;

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
  let onEmpty: (() => void) | undefined;

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
      onEmpty?.();
    },
    close(reason, isMeant) {
      // Chosen before the first one ends: ending them changes the set.
      const meant = [...sessions].filter((session) => isMeant(session.identity));
      for (const session of meant) session.close(reason);
      return meant.length;
    },
    async drain({ windowMs, maxRetryMs, random }) {
      if (sessions.size === 0) return;
      // Clients whose rotation fails have the rest of the window to try again.
      for (const session of [...sessions]) session.rotate(Math.floor(windowMs * rotationShare));
      await new Promise<void>((resolve) => {
        const cancel = clock.setTimer(resolve, windowMs);
        onEmpty = () => {
          cancel();
          resolve();
        };
      });
      onEmpty = undefined;
      for (const session of [...sessions]) session.dismiss(Math.floor(random() * maxRetryMs));
    },
    counts: () => ({ count: sessions.size, byUser: new Map(countByUser) }),
  };
}
