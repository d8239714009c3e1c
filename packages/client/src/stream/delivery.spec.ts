import { describe, expect, it } from 'vitest';
import type { SseEvent } from '../event.ts';
import { settle } from '../testing/scripted-world.fixture.ts';
import { Delivery } from './delivery.ts';
import type { StreamObserver } from './observer.ts';

function deliver(...observers: StreamObserver<number>[]) {
  const reported: unknown[] = [];
  const done = { calls: 0 };
  const delivery = new Delivery<number>({
    lastEventId: '0',
    reportError: (error) => void reported.push(error),
    whenDone: () => void (done.calls += 1),
    whenFull: () => undefined,
  });
  const subscriptions = observers.map((observer) => delivery.add(observer));
  return { delivery, reported, done, subscriptions };
}

const event = (n: number): SseEvent<number> => ({ id: String(n), type: 'message', data: n });

describe('delivering an event', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 1],
    ['an object', {}],
  ])('moves the position at once if a subscriber returns %s', (_, answer) => {
    const { delivery } = deliver({ next: () => answer });
    expect(delivery.event(event(1))).toBeUndefined();
    expect(delivery.position).toBe('1');
    expect(delivery.busy).toBeUndefined();
  });

  it('needs no callback of a subscriber', () => {
    const { delivery, reported } = deliver({}, { position: () => undefined });
    delivery.event(event(1));
    delivery.gap({ reason: 'epoch', after: '1' }, '2');
    delivery.moveTo('3');
    delivery.notify({ kind: 'state', state: { status: 'closed', reason: 'completed' } });
    expect(reported).toEqual([]);
    expect(delivery.position).toBe('3');
  });

  it('moves the position after every slow subscriber is done', async () => {
    const positions: string[] = [];
    const [first, second] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const { delivery } = deliver(
      { next: () => first.promise, position: (id) => void positions.push(id) },
      { next: () => second.promise },
    );
    const busy = delivery.event(event(1));
    expect(busy).toBe(delivery.busy);
    first.resolve(undefined);
    await settle();
    expect([delivery.position, delivery.resumeId]).toEqual(['0', '1']);
    second.resolve(undefined);
    await busy;
    expect([delivery.position, delivery.resumeId]).toEqual(['1', '1']);
    expect(positions).toEqual(['1']);
    expect(delivery.busy).toBeUndefined();
  });

  it('keeps a position that was set while a subscriber was slow', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const { delivery } = deliver({ next: () => promise });
    const busy = delivery.event(event(1));
    delivery.position = '';
    resolve(undefined);
    await busy;
    expect([delivery.position, delivery.resumeId]).toEqual(['', '']);
  });

  it('reports what a subscriber throws from any callback, and continues with the next subscriber', () => {
    const seen: string[] = [];
    const broken = new Error('in my own code');
    const fail = () => {
      throw broken;
    };
    const { delivery, reported } = deliver(
      { next: fail, gap: fail, position: fail, state: fail, complete: fail },
      {
        next: () => void seen.push('next'),
        gap: () => void seen.push('gap'),
        position: () => void seen.push('position'),
        state: () => void seen.push('state'),
        complete: () => void seen.push('complete'),
      },
    );
    delivery.event(event(1));
    delivery.gap({ reason: 'epoch', after: '1' }, '1');
    delivery.notify({ kind: 'state', state: { status: 'closed', reason: 'completed' } });
    expect(seen).toEqual(['next', 'position', 'gap', 'state', 'complete']);
    expect(reported).toEqual(Array.from({ length: 5 }, () => broken));
  });
});

describe('the position of a gap', () => {
  it('is reported after the gap', () => {
    const seen: unknown[] = [];
    const { delivery } = deliver({ gap: ({ reason }) => seen.push(reason), position: (id) => seen.push(id) });
    delivery.gap({ reason: 'trimmed', after: '0' }, '7');
    expect(seen).toEqual(['trimmed', '7']);
    expect(delivery.position).toBe('7');
  });
});

describe('a pause', () => {
  it('lasts until all that asked for one are ready', async () => {
    const { delivery } = deliver({});
    const [first, second] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    delivery.pause(first.promise);
    delivery.pause(second.promise);
    first.resolve(undefined);
    await settle();
    expect(delivery.ready).toBeDefined();
    second.resolve(undefined);
    await settle();
    expect(delivery.ready).toBeUndefined();
  });
});

describe('what is due after the callbacks', () => {
  it('is called once after them if it was asked for, and not otherwise', () => {
    const calls: number[] = [];
    const { delivery, done } = deliver(
      { next: ({ data }) => data === 2 && delivery.later() },
      { next: () => void calls.push(done.calls) },
    );
    delivery.event(event(1));
    delivery.notify({ kind: 'gap', gap: { reason: 'epoch', after: '1' }, lastEventId: '1' });
    expect(done.calls).toBe(0);
    delivery.event(event(2));
    expect(calls).toEqual([0, 0]);
    expect(done.calls).toBe(1);
    delivery.later();
    expect(done.calls).toBe(2);
  });
});
