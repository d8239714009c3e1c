import { maxTimerMs } from '../core/index.ts';
import type { Clock } from '../core/index.ts';

/** Something that ends at a moment. */
export interface Deadline {
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  /** Where {@link Deadlines} has it. Not to be touched by anybody else; -1 outside. */
  deadlineIndex: number;
  /** Must not throw. */
  onDeadline(): void;
}

export interface Deadlines {
  add(entry: Deadline): void;
  delete(entry: Deadline): void;
}

/**
 * Keeps many deadlines with one timer. A binary heap whose entries know their index: adding and removing cost O(log n), and a
 * session costs eight bytes of it instead of a timer.
 */
export function createDeadlines(clock: Clock): Deadlines {
  const heap: Deadline[] = [];
  let stopTimer: (() => void) | undefined;
  let armedForMs = Infinity;

  function place(entry: Deadline, index: number): void {
    heap[index] = entry;
    entry.deadlineIndex = index;
  }

  function siftUp(entry: Deadline, from: number): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >>> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || parent.deadlineMs <= entry.deadlineMs) break;
      place(parent, index);
      index = parentIndex;
    }
    place(entry, index);
  }

  function siftDown(entry: Deadline, from: number): void {
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = heap[childIndex];
      const right = heap[childIndex + 1];
      if (child !== undefined && right !== undefined && right.deadlineMs < child.deadlineMs) {
        childIndex += 1;
        child = right;
      }
      if (child === undefined || child.deadlineMs >= entry.deadlineMs) break;
      place(child, index);
      index = childIndex;
    }
    place(entry, index);
  }

  function remove(entry: Deadline): void {
    const index = entry.deadlineIndex;
    entry.deadlineIndex = -1;
    const last = heap.pop();
    if (last === undefined || last === entry) return;
    siftDown(last, index);
    if (last.deadlineIndex === index) siftUp(last, index);
  }

  function arm(): void {
    const [next] = heap;
    const nextMs = next?.deadlineMs ?? Infinity;
    if (nextMs === armedForMs) return;
    stopTimer?.();
    stopTimer = undefined;
    armedForMs = nextMs;
    if (next === undefined || nextMs === Infinity) return;
    stopTimer = clock.setTimer(fire, Math.min(Math.max(Math.ceil(nextMs - clock.monotonic()), 0), maxTimerMs));
  }

  function fire(): void {
    stopTimer = undefined;
    armedForMs = Infinity;
    for (;;) {
      const [next] = heap;
      if (next === undefined || next.deadlineMs > clock.monotonic()) break;
      remove(next);
      next.onDeadline();
    }
    arm();
  }

  return {
    add(entry) {
      heap.push(entry);
      siftUp(entry, heap.length - 1);
      arm();
    },
    delete(entry) {
      if (entry.deadlineIndex === -1) return;
      remove(entry);
      arm();
    },
  };
}
