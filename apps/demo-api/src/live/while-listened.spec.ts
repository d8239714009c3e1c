import type { Identity } from '@sillage/server';
import { describe, expect, it, vi } from 'vitest';
import { createListeners } from './listeners.ts';
import { whileListened } from './while-listened.ts';

const session = (key: string, ...topics: string[]) => ({ identity: { key } as Identity, topics });

describe('work that is done while somebody listens', () => {
  it('begins with the first listener, and ends with the last, each topic for itself', () => {
    const listeners = createListeners();
    const stop = vi.fn();
    const start = vi.fn((_topic: string) => stop);
    whileListened({ listeners, prefix: 'a/', start });
    const [one, two, other] = [session('ada', 'a/1'), session('bob', 'a/1', 'a/2'), session('eve', 'b/1')];
    for (const opened of [one, two, other]) listeners.opened(opened);
    expect(start.mock.calls).toEqual([['a/1'], ['a/2']]);
    expect(listeners.count('a/1')).toBe(2);
    listeners.closed(one);
    expect(stop).not.toHaveBeenCalled();
    listeners.closed(two);
    expect(stop).toHaveBeenCalledTimes(2);
    listeners.opened(one);
    expect(start).toHaveBeenCalledTimes(3);
  });

  it('ends as a whole', () => {
    const listeners = createListeners();
    const stop = vi.fn();
    const stopAll = whileListened({ listeners, prefix: '', start: () => stop });
    listeners.opened(session('ada', 'x', 'y'));
    stopAll();
    expect(stop).toHaveBeenCalledTimes(2);
  });

  it('counts users rather than sessions, and forgets those without sessions', () => {
    const listeners = createListeners();
    const [page, otherPage] = [session('ada', 'x'), session('ada', 'x')];
    listeners.opened(page);
    listeners.opened(otherPage);
    expect([...listeners.people('x')]).toEqual(['ada']);
    listeners.closed(page);
    expect(listeners.count('x')).toBe(1);
    listeners.closed(otherPage);
    expect([listeners.count('x'), listeners.people('x').size]).toEqual([0, 0]);
    listeners.opened({ identity: { key: 'ada' } as Identity, topics: null });
  });
});
