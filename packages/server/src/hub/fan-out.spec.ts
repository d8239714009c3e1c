import { describe, expect, it, vi } from 'vitest';
import { createFanOut } from './fan-out.ts';
import type { LiveMember } from './fan-out.ts';

const eventOf = (sequence: number, topic = 'a', data = 'x') => ({
  id: `e1-${sequence}`,
  sequence,
  topic,
  type: 'message',
  data,
});

function setUp(maxBatchBytes = 1_000) {
  const tasks: (() => void)[] = [];
  const fanOut = createFanOut({
    schedule: (task) => tasks.push(task),
    maxRecentEvents: 100,
    maxRecentBytes: 1_000_000,
    maxBatchBytes,
  });
  fanOut.start({ epoch: 'e1', sequence: 0 });
  const create = () => {
    const delivered: number[] = [];
    const fellBehind: [number, string][] = [];
    const member: LiveMember = {
      deliver: (_bytes, events) => delivered.push(...events.map(({ event }) => event.sequence)),
      fallBehind: (sequence, epoch) => fellBehind.push([sequence, epoch]),
    };
    return { member, delivered, fellBehind };
  };
  const tick = (): void => {
    for (const task of tasks.splice(0)) task();
  };
  return { fanOut, tasks, create, tick };
}

describe('the fan-out', () => {
  it('delivers the events of a tick together, to the members of their topics', () => {
    const { fanOut, tasks, create, tick } = setUp();
    const [a, both] = [create(), create()];
    fanOut.join(['a'], a.member);
    fanOut.join(['a', 'b'], both.member);
    fanOut.accept([eventOf(1), eventOf(2, 'b')]);
    fanOut.accept([eventOf(3), eventOf(4, 'c')]);
    expect([tasks.length, a.delivered]).toEqual([1, []]);
    tick();
    expect([a.delivered, both.delivered]).toEqual([
      [1, 3],
      [1, 2, 3],
    ]);
    fanOut.accept([eventOf(5, 'c')]);
    expect([tasks.length, fanOut.position.sequence]).toEqual([0, 5]);
  });

  it('lets members read the log if a tick has more than a batch, and others go on', () => {
    const { fanOut, create, tick } = setUp(100);
    const [busy, quiet] = [create(), create()];
    fanOut.join(['a'], busy.member);
    fanOut.join(['b'], quiet.member);
    fanOut.accept([eventOf(1)]);
    tick();
    const large = 'x'.repeat(60);
    fanOut.accept([eventOf(2, 'a', large), eventOf(3, 'b'), eventOf(4, 'a', large), eventOf(5, 'a', large)]);
    tick();
    expect([busy.delivered, busy.fellBehind]).toEqual([[1], [[1, 'e1']]]);
    expect([quiet.delivered, quiet.fellBehind, fanOut.memberCount]).toEqual([[3], [], 1]);
    fanOut.accept([eventOf(6)]);
    tick();
    expect(busy.delivered).toEqual([1]);
  });

  it('delivers a single event however large it is, and the next tick again', () => {
    const { fanOut, create, tick } = setUp(100);
    const { member, delivered, fellBehind } = create();
    fanOut.join(['a'], member);
    for (const sequence of [1, 2]) {
      fanOut.accept([eventOf(sequence, 'a', 'x'.repeat(10_000))]);
      tick();
    }
    expect([delivered, fellBehind]).toEqual([[1, 2], []]);
  });

  it('ignores what it has had, and lets members read the log over a hole', () => {
    const { fanOut, create, tick } = setUp();
    const { member, delivered, fellBehind } = create();
    fanOut.join(['a'], member);
    fanOut.accept([eventOf(1), eventOf(1)]);
    fanOut.accept([eventOf(1), eventOf(4)]);
    tick();
    expect([delivered, fellBehind, fanOut.position]).toEqual([[1], [[1, 'e1']], { epoch: 'e1', sequence: 4 }]);
    expect([fanOut.covers(3), fanOut.covers(2)]).toEqual([true, false]);
  });

  it('tells members the epoch of before when another history begins', () => {
    const { fanOut, create } = setUp();
    const { member, delivered, fellBehind } = create();
    fanOut.join(['a'], member);
    fanOut.accept([eventOf(1)]);
    fanOut.start({ epoch: 'e2', sequence: 9 });
    expect([delivered, fellBehind, fanOut.memberCount]).toEqual([[1], [[1, 'e1']], 0]);
    expect([fanOut.position, fanOut.covers(9), fanOut.covers(1)]).toEqual([{ epoch: 'e2', sequence: 9 }, true, false]);
  });

  it('gives a member nothing of before it joined in the same tick', () => {
    const { fanOut, create, tick } = setUp();
    const [early, late] = [create(), create()];
    fanOut.join(['a'], early.member);
    fanOut.accept([eventOf(1)]);
    fanOut.join(['a'], late.member);
    expect(early.delivered).toEqual([1]);
    fanOut.accept([eventOf(2)]);
    tick();
    expect([early.delivered, late.delivered]).toEqual([[1, 2], [2]]);
  });

  it('forgets groups whose members have left, and leaves no other member out', () => {
    const { fanOut, tasks, create, tick } = setUp();
    const [first, second, other] = [create(), create(), create()];
    const membership = fanOut.join(['a', 'b'], first.member);
    fanOut.join(['a', 'b'], second.member);
    fanOut.join(['b'], other.member);
    fanOut.leave(membership, first.member);
    fanOut.leave(membership, first.member);
    fanOut.accept([eventOf(1, 'b')]);
    tick();
    expect([first.delivered, second.delivered, other.delivered]).toEqual([[], [1], [1]]);
    fanOut.leave(membership, second.member);
    fanOut.accept([eventOf(2)]);
    expect([tasks.length, fanOut.memberCount]).toEqual([0, 1]);
    fanOut.accept([eventOf(3, 'b')]);
    tick();
    expect([second.delivered, other.delivered]).toEqual([[1], [1, 3]]);
  });

  it('drops what a group has pending when its last member leaves', () => {
    const { fanOut, create, tick } = setUp();
    const [gone, next] = [create(), create()];
    const membership = fanOut.join(['a'], gone.member);
    fanOut.accept([eventOf(1)]);
    fanOut.leave(membership, gone.member);
    fanOut.join(['a'], next.member);
    tick();
    expect([gone.delivered, next.delivered]).toEqual([[], []]);
  });

  it('calls back when a sequence is reached, at once on a reset, and not if cancelled', () => {
    const { fanOut } = setUp();
    const [second, ninth, cancelled] = [vi.fn(), vi.fn(), vi.fn()];
    fanOut.whenReached(2, second);
    fanOut.whenReached(9, ninth);
    fanOut.whenReached(2, cancelled)();
    fanOut.accept([eventOf(1)]);
    expect(second).not.toHaveBeenCalled();
    fanOut.accept([eventOf(2)]);
    fanOut.accept([eventOf(3)]);
    expect([second.mock.calls.length, ninth.mock.calls.length]).toEqual([1, 0]);
    fanOut.start({ epoch: 'e2', sequence: 0 });
    expect([ninth.mock.calls.length, cancelled.mock.calls.length]).toEqual([1, 0]);
  });
});
