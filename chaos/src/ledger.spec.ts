import { describe, expect, it } from 'vitest';
import { judge, nothingWrong } from './ledger.ts';
import type { Ledger, Received } from './ledger.ts';

const ledger: Ledger = new Map([
  [
    'a',
    new Map([
      [1, 'acknowledged'],
      [2, 'unknown'],
      [3, 'acknowledged'],
      [4, 'withdrawn'],
    ]),
  ],
]);
const event = (number: number, id: string, topic = 'a'): Received => ({ kind: 'event', topic, number, id });
const gap: Received = { kind: 'gap' };

describe('what a client has received', () => {
  it.each<[string, readonly Received[], Partial<typeof nothingWrong>, number]>([
    ['is right with everything acknowledged', [event(1, 'e-1'), event(3, 'e-2')], {}, 0],
    ['is right with what was published without an answer', [event(1, 'e-1'), event(3, 'e-2'), event(2, 'e-3')], {}, 0],
    ['is right across histories', [event(1, 'e-1'), event(3, 'f-1')], {}, 0],
    [
      'is right if all of it comes again after a gap',
      [event(1, 'e-1'), event(4, 'e-2'), gap, event(1, 'f-1'), event(3, 'f-2')],
      {},
      1,
    ],
    [
      'is right with a second gap, if lost events came again after the first',
      [event(4, 'e-2'), gap, event(1, 'e-1'), event(4, 'e-2'), gap, event(1, 'f-1'), event(3, 'f-2')],
      {},
      1,
    ],
    ['lacks an event', [event(1, 'e-1')], { lost: 1 }, 0],
    ['has an event twice', [event(1, 'e-1'), event(1, 'e-2'), event(3, 'e-3')], { duplicated: 1 }, 0],
    ['is not in the order of its publication', [event(3, 'e-1'), event(1, 'e-2')], { outOfOrder: 1 }, 0],
    ['is not in the order of its positions', [event(1, 'e-2'), event(3, 'e-1')], { outOfOrder: 1 }, 0],
    ['has a gap although nothing was lost', [event(1, 'e-1'), gap, event(3, 'e-2')], { needlessGaps: 1 }, 0],
    ['has an event that nobody published', [event(1, 'e-1'), event(9, 'e-2'), event(3, 'e-3')], { invented: 1 }, 0],
    ['has an event of another topic', [event(1, 'e-1'), event(3, 'e-2'), event(1, 'e-3', 'b')], { invented: 1 }, 0],
  ])('%s', (_, received, wrong, losses) => {
    expect(judge(received, ['a'], ledger, losses)).toEqual({ ...nothingWrong, ...wrong });
  });
});
