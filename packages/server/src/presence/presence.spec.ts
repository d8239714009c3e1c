import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../core/fake-clock.fixture.ts';
import { settle } from '../core/tick.fixture.ts';
import { createTestEndpoint } from '../endpoint/endpoint.fixture.ts';
import type { EventLog } from '../events/event-log.ts';
import { createMemoryExchange } from '../http/memory-transport.fixture.ts';
import { createHub } from '../hub/hub.ts';
import { createMemoryEventLog } from '../logs/memory-event-log.ts';
import { createPresence } from './presence.ts';

/** Nodes that share a log and a clock. */
function createWorld() {
  const log = createMemoryEventLog();
  const clock = createFakeClock();
  const advance = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 250) {
      clock.advance(Math.min(250, left));
      await settle(3);
    }
  };
  const start = async (ownLog: EventLog = log) => {
    const hub = createHub({ log: ownLog });
    const changes: string[] = [];
    const presence = createPresence({
      hub,
      clock,
      onError: () => undefined,
      onChange: ({ topic, user, kind }) => changes.push(`${user} ${kind} ${topic}`),
    });
    const test = createTestEndpoint({ hub, ...presence.endpointHooks() });
    await settle();
    const open = async (user: string, topics = ['room']) => {
      const exchange = createMemoryExchange({ authorization: `Bearer ${user}` });
      await test.endpoint.stream(exchange, { topics });
      await advance(250);
      return exchange.transport;
    };
    return { hub, presence, changes, open };
  };
  return { log, clock, advance, start };
}

describe('presence', () => {
  it('knows the users of a topic on every node, each once', async () => {
    const world = createWorld();
    const [first, second] = [await world.start(), await world.start()];
    await first.open('alice');
    await first.open('alice');
    await second.open('alice');
    await second.open('bob', ['room', 'other']);
    for (const { presence, changes } of [first, second]) {
      expect([presence.of('room').sort(), presence.of('other'), presence.of('nowhere')]).toEqual([
        ['t.alice', 't.bob'],
        ['t.bob'],
        [],
      ]);
      expect(changes).toEqual(['t.alice joined room', 't.bob joined room', 't.bob joined other']);
    }
  });

  it('lets a user leave when the last session has ended and the grace period is over, and not before', async () => {
    const world = createWorld();
    const [first, second] = [await world.start(), await world.start()];
    const [one, two] = [await first.open('alice'), await second.open('alice')];
    one.leave();
    await world.advance(6_000);
    expect(first.presence.of('room')).toEqual(['t.alice']);
    two.leave();
    await world.advance(4_000);
    expect(first.presence.of('room')).toEqual(['t.alice']);
    await world.advance(2_000);
    for (const { presence, changes } of [first, second]) {
      expect([presence.of('room'), changes]).toEqual([[], ['t.alice joined room', 't.alice left room']]);
    }
  });

  it('takes a reconnection, also to another node, for no change', async () => {
    const world = createWorld();
    const [first, second] = [await world.start(), await world.start()];
    const before = await first.open('alice');
    before.leave();
    await world.advance(3_000);
    await second.open('alice');
    await world.advance(10_000);
    for (const { changes } of [first, second]) expect(changes).toEqual(['t.alice joined room']);
  });

  it('tells a node that starts later who is there', async () => {
    const world = createWorld();
    const first = await world.start();
    await first.open('alice');
    await world.advance(1_000);
    const late = await world.start();
    await world.advance(250);
    expect(late.presence.of('room')).toEqual(['t.alice']);
  });

  it('lets the users of a node leave when it stops, and when it is not heard of for its lease', async () => {
    const world = createWorld();
    const first = await world.start();
    const stopping = await world.start();
    let isCut = false;
    const dying = await world.start({
      ...world.log,
      append: (topic, entry) => (isCut ? new Promise(() => undefined) : world.log.append(topic, entry)),
    });
    await stopping.open('alice');
    await dying.open('bob');
    expect(first.presence.of('room').sort()).toEqual(['t.alice', 't.bob']);
    await stopping.presence.close();
    await settle();
    expect(first.presence.of('room')).toEqual(['t.bob']);
    isCut = true;
    await world.advance(14_000);
    expect(first.presence.of('room')).toEqual(['t.bob']);
    await world.advance(8_000);
    expect([first.presence.of('room'), first.changes.slice(2)]).toEqual([[], ['t.alice left room', 't.bob left room']]);
  });

  it('hears later what a node could not say while the log was away', async () => {
    const world = createWorld();
    const first = await world.start();
    let isCut = false;
    const away = await world.start({
      ...world.log,
      append: (topic, entry) => (isCut ? Promise.reject(new Error('away')) : world.log.append(topic, entry)),
    });
    const alice = await away.open('alice');
    isCut = true;
    await away.open('bob');
    alice.leave();
    await world.advance(6_000);
    isCut = false;
    await world.advance(6_000);
    expect([first.presence.of('room'), first.changes]).toEqual([
      ['t.bob'],
      ['t.alice joined room', 't.alice left room', 't.bob joined room'],
    ]);
  });

  it('hears of a node again that was away for longer than its lease', async () => {
    const world = createWorld();
    const first = await world.start();
    let isCut = false;
    const away = await world.start({
      ...world.log,
      append: (topic, entry) => (isCut ? Promise.reject(new Error('away')) : world.log.append(topic, entry)),
    });
    await away.open('bob');
    isCut = true;
    await world.advance(25_000);
    expect(first.presence.of('room')).toEqual([]);
    isCut = false;
    await world.advance(6_000);
    expect(first.presence.of('room')).toEqual(['t.bob']);
  });
});
