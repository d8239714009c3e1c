import type { EventPlace, LoggedEvent } from '../events/index.ts';
import { joinBlocks } from '../events/index.ts';
import type { HubObserver } from './hub-observer.ts';
import { createRecentEvents } from './recent-events.ts';
import type { RecentEvent } from './recent-events.ts';

/** A subscription that is up to date: it gets what its group gets. */
export interface LiveMember {
  /** Takes whole events, in order: `bytes` is all of `events`. May leave. Must not throw. */
  deliver(bytes: Uint8Array, events: readonly RecentEvent[]): void;
  /**
   * It is no longer a member, and has every event up to the sequence of that epoch: the log has the rest. The epoch is that of the
   * time before: a gap must be told across a change. Must not throw.
   */
  fallBehind(sequence: number, epoch: string): void;
}

export interface FanOutOptions {
  /** Runs a task once this tick's events are in. */
  readonly schedule: (task: () => void) => void;
  readonly maxRecentEvents: number;
  readonly maxRecentBytes: number;
  /** How many bytes one group may gather in a tick. A larger burst is read from the log, at each session's own pace. */
  readonly maxBatchBytes: number;
  readonly observer?: HubObserver;
}

export interface FanOut {
  /** The position of the last event that the log has delivered. */
  readonly position: EventPlace;
  /** How many subscriptions are up to date. */
  readonly memberCount: number;
  /** Continues after the position. All members fall behind, because something may have been missed. */
  start(place: EventPlace): void;
  accept(events: readonly LoggedEvent[]): void;
  /** Whether every event after the sequence is still in memory. */
  covers(sequence: number): boolean;
  recentAfter(sequence: number): Iterable<RecentEvent>;
  /** From here on, the member gets every event of its topics after {@link position}. The topics are sorted, each once. */
  join(topics: readonly string[], member: LiveMember): Membership;
  leave(membership: Membership, member: LiveMember): void;
  /** Calls back once the position is at or past the sequence, or was reset. Returns a function that cancels. */
  whenReached(sequence: number, callback: () => void): () => void;
}

/** Where a member has joined. */
export interface Membership {
  readonly topics: readonly string[];
}

interface Group extends Membership {
  readonly key: string;
  readonly members: Set<LiveMember>;
  pending: RecentEvent[];
  pendingBytes: number;
  /** Whether this tick had more than a batch. Nothing is pending then, and the members read the log. */
  isOverrun: boolean;
}

/**
 * Writes each event to the sessions of its topic. The cost is one write per session, so the events of a tick share a write, and the
 * sessions of a group share its buffer. A group is a set of topics and not one topic: with a buffer per topic, a session of two
 * topics would get events out of order, and its position would skip some.
 */
export function createFanOut(options: FanOutOptions): FanOut {
  const { schedule, maxRecentEvents, maxRecentBytes, maxBatchBytes, observer } = options;
  const recent = createRecentEvents({ maxEvents: maxRecentEvents, maxBytes: maxRecentBytes });
  const groups = new Map<string, Group>();
  const groupsOfTopic = new Map<string, Set<Group>>();
  const waiters = new Set<{ readonly sequence: number; readonly callback: () => void }>();
  let position: EventPlace = { epoch: '', sequence: 0 };
  /** The sequence that every member has been sent. */
  let flushedThrough = 0;
  const dirty = new Set<Group>();
  let isScheduled = false;

  function flush(): void {
    const written = flushedThrough;
    flushedThrough = position.sequence;
    let delivered = 0;
    for (const group of dirty) {
      const { pending, isOverrun } = group;
      group.pending = [];
      group.pendingBytes = 0;
      group.isOverrun = false;
      if (isOverrun) {
        dropMembers(group, written, position.epoch);
        continue;
      }
      const bytes = joinBlocks(pending.map((event) => event.bytes()));
      delivered += group.members.size * pending.length;
      for (const member of group.members) member.deliver(bytes, pending);
    }
    dirty.clear();
    if (delivered > 0) observer?.delivered?.(delivered);
  }

  function dropMembers(group: Group, sequence: number, epoch: string): void {
    const members = [...group.members];
    group.members.clear();
    removeGroup(group);
    for (const member of members) member.fallBehind(sequence, epoch);
  }

  function removeGroup(group: Group): void {
    groups.delete(group.key);
    dirty.delete(group);
    for (const topic of group.topics) {
      const others = groupsOfTopic.get(topic);
      others?.delete(group);
      if (others?.size === 0) groupsOfTopic.delete(topic);
    }
  }

  function groupFor(topics: readonly string[]): Group {
    // No topic holds a line break.
    const key = topics.join('\n');
    let group = groups.get(key);
    if (group !== undefined) return group;
    group = { key, topics, members: new Set(), pending: [], pendingBytes: 0, isOverrun: false };
    groups.set(key, group);
    for (const topic of topics) {
      const others = groupsOfTopic.get(topic);
      if (others === undefined) groupsOfTopic.set(topic, new Set([group]));
      else others.add(group);
    }
    return group;
  }

  function gather(event: LoggedEvent): void {
    const entry = recent.push(event);
    for (const group of groupsOfTopic.get(event.topic) ?? []) {
      dirty.add(group);
      if (group.isOverrun) continue;
      group.pendingBytes += entry.bytes().byteLength;
      // One event is sent however large it is.
      group.isOverrun = group.pendingBytes > maxBatchBytes && group.pending.length > 0;
      if (group.isOverrun) group.pending = [];
      else group.pending.push(entry);
    }
  }

  function settleWaiters(sequence: number): void {
    for (const waiter of waiters) {
      if (waiter.sequence > sequence) continue;
      waiters.delete(waiter);
      waiter.callback();
    }
  }

  function start(place: EventPlace): void {
    flush();
    const written = flushedThrough;
    const live = [...groups.values()];
    const { epoch } = position;
    position = place;
    flushedThrough = place.sequence;
    recent.reset(place.sequence);
    for (const group of live) dropMembers(group, written, epoch);
    settleWaiters(Infinity);
  }

  return {
    get position() {
      return position;
    },
    get memberCount() {
      let count = 0;
      for (const group of groups.values()) count += group.members.size;
      return count;
    },
    start,
    accept(events) {
      for (const event of events) {
        if (event.sequence <= position.sequence) continue;
        // The tail skipped events. The log has them, and members read them there.
        if (event.sequence !== position.sequence + 1) start({ ...position, sequence: event.sequence - 1 });
        position = { epoch: position.epoch, sequence: event.sequence };
        gather(event);
      }
      if (waiters.size > 0) settleWaiters(position.sequence);
      if (isScheduled || dirty.size === 0) return;
      isScheduled = true;
      schedule(() => {
        isScheduled = false;
        flush();
      });
    },
    covers: (sequence) => recent.covers(sequence),
    recentAfter: (sequence) => recent.after(sequence),
    join(topics, member) {
      // Pending events are from before this member.
      flush();
      const group = groupFor(topics);
      group.members.add(member);
      return group;
    },
    leave(membership, member) {
      const group = membership as Group;
      if (group.members.delete(member) && group.members.size === 0) removeGroup(group);
    },
    whenReached(sequence, callback) {
      const waiter = { sequence, callback };
      waiters.add(waiter);
      return () => void waiters.delete(waiter);
    },
  };
}
