import { describe, expect, it } from 'vitest';
import { encodeEvent } from '../events/event-encoder.ts';
import { createFakeClock } from '../core/fake-clock.fixture.ts';
import { createIdentity } from '../auth/identity.fixture.ts';
import { createMemoryTransport } from '../http/memory-transport.fixture.ts';
import { createSessionRegistry } from './session-registry.ts';
import { createSession } from './session.ts';

interface SessionSettings {
  readonly maxUnsentBytes?: number;
  readonly lifetimeMs?: number;
  readonly heartbeatMs?: number | null;
}

function openSession(settings: SessionSettings = {}) {
  const { maxUnsentBytes = 1_000, lifetimeMs = 3_600_000, heartbeatMs = 15_000 } = settings;
  const clock = createFakeClock();
  const transport = createMemoryTransport();
  const controller = new AbortController();
  const closed: string[] = [];
  const registry = createSessionRegistry({ clock, heartbeatMs, stallMs: 60_000 });
  const session = createSession({
    transport,
    clock,
    identity: createIdentity(),
    controller,
    deadlineMs: clock.now() + lifetimeMs,
    maxUnsentBytes,
    onClosed(reason) {
      closed.push(reason);
      registry.delete(session);
    },
  });
  registry.add(session);
  return { clock, transport, controller, closed, registry, session };
}

const event = encodeEvent({ data: 'x'.repeat(600) });

describe('heartbeats (PROTOCOL 4.4)', () => {
  it('come when a session has been silent for the interval, and go on', () => {
    const { clock, transport } = openSession();
    clock.advance(14_900);
    expect(transport.text()).toBe('');
    clock.advance(1_600);
    expect(transport.text()).toBe(':\n\n');
    clock.advance(16_500);
    expect(transport.text()).toBe(':\n\n:\n\n');
  });

  it('do not come while there are events', () => {
    const { clock, session, transport } = openSession();
    for (let count = 0; count < 10; count += 1) {
      clock.advance(10_000);
      session.write(encodeEvent({ data: 'x' }));
    }
    expect(transport.text()).not.toContain(':\n\n');
  });

  it('are never later than a client waits for them (PROTOCOL 3.2)', () => {
    const { clock, transport, session } = openSession();
    clock.advance(700);
    session.write(encodeEvent({ data: 'x' }));
    clock.advance(15_000 * 1.2);
    expect(transport.text()).toContain(':\n\n');
  });

  it('can be switched off', () => {
    const { clock, transport } = openSession({ heartbeatMs: null });
    clock.advance(600_000);
    expect(transport.text()).toBe('');
  });

  it('cost no timer when there is no session', () => {
    const { clock, session } = openSession();
    session.close('client-left');
    expect(clock.timerCount).toBe(0);
  });
});

describe('a slow client (PROTOCOL 6.4)', () => {
  it('is cut off when more is to be written than the bound allows to wait', () => {
    const { transport, session, closed } = openSession();
    transport.isReading = false;
    session.write(event);
    session.write(event);
    expect(closed).toEqual([]);
    session.write(event);
    expect(closed).toEqual(['slow-consumer']);
    expect([transport.state, transport.writeCount]).toEqual(['destroyed', 2]);
  });

  it('is not one that takes a single event larger than the bound', () => {
    const { transport, session, closed } = openSession();
    transport.isReading = false;
    session.write(encodeEvent({ data: 'x'.repeat(100_000) }));
    transport.drain();
    session.write(event);
    expect(closed).toEqual([]);
  });

  it('is noticed without an event, by the heartbeat', () => {
    const { clock, transport, session, closed } = openSession();
    transport.isReading = false;
    session.write(event);
    session.write(event);
    clock.advance(20_000);
    expect(closed).toEqual(['slow-consumer']);
  });

  it('is cut off when it takes nothing for long, however little waits', () => {
    const { clock, transport, session, closed } = openSession();
    transport.isReading = false;
    session.write(encodeEvent({ data: 'x' }));
    clock.advance(59_000);
    expect(closed).toEqual([]);
    clock.advance(5_000);
    expect(closed).toEqual(['slow-consumer']);
  });

  it('lets who writes wait for room, and wakes them at the drain and at the end', async () => {
    const { transport, session } = openSession({ maxUnsentBytes: 100_000 });
    transport.isReading = false;
    session.write(encodeEvent({ data: 'x'.repeat(20_000) }));
    const waiting = session.drained();
    transport.drain();
    await waiting;
    session.write(encodeEvent({ data: 'x'.repeat(20_000) }));
    const waitingAgain = session.drained();
    session.close('revoked');
    await waitingAgain;
    await session.drained();
  });
});

describe('the end of a session', () => {
  it('comes with its token, between two events (PROTOCOL 6.1)', () => {
    const { clock, transport, session, closed } = openSession({ lifetimeMs: 60_000 });
    session.write(encodeEvent({ data: '1' }));
    clock.advance(59_999);
    expect(transport.state).toBe('open');
    clock.advance(1);
    session.write(encodeEvent({ data: '2' }));
    expect([transport.state, closed]).toEqual(['ended', ['token-expired']]);
    expect(transport.events().filter(({ data }) => data !== undefined)).toEqual([{ data: '1' }]);
  });

  it('comes when it is due though it is further away than a timer reaches', () => {
    const lifetimeMs = 100 * 86_400_000;
    const { clock, closed } = openSession({ lifetimeMs, heartbeatMs: null });
    clock.advance(lifetimeMs - 1);
    expect(closed).toEqual([]);
    clock.advance(1);
    expect(closed).toEqual(['token-expired']);
  });

  it('leaves no listener, timer or signal behind, and is told once', () => {
    const { clock, transport, controller, closed, session, registry } = openSession();
    transport.leave();
    session.close('revoked');
    expect(closed).toEqual(['client-left']);
    expect(controller.signal.aborted).toBe(true);
    expect([transport.listenerCount, clock.timerCount, registry.counts().count]).toEqual([0, 0, 0]);
  });

  it('is forced on a client that never takes its last bytes', () => {
    const { clock, transport, session } = openSession();
    transport.isReading = false;
    session.write(event);
    session.close('revoked');
    expect(transport.state).toBe('ended');
    clock.advance(10_000);
    expect(transport.state).toBe('destroyed');
    expect([transport.listenerCount, clock.timerCount]).toEqual([0, 0]);
  });

  it('stops waiting once the client has taken its last bytes', () => {
    const { clock, transport, session } = openSession();
    transport.isReading = false;
    session.write(event);
    session.close('revoked');
    transport.drain();
    expect([transport.state, clock.timerCount]).toEqual(['ended', 0]);
  });
});
