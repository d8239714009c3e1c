import { describe, expect, it, vi } from 'vitest';
import { createIdentity } from '../auth/identity.fixture.ts';
import { createFakeClock } from '../core/fake-clock.fixture.ts';
import { LazyAbort } from '../core/lazy-abort.ts';
import { encodeEvent } from '../events/event-encoder.ts';
import { createMemoryTransport } from '../http/memory-transport.fixture.ts';
import { createSessionRegistry } from './session-registry.ts';
import type { SessionRegistry } from './session-registry.ts';
import { Session } from './session.ts';
import type { SessionHost } from './session.ts';

interface SessionSettings {
  readonly maxUnsentBytes?: number;
  /** Of the token. */
  readonly lifetimeMs?: number;
  readonly maxDurationMs?: number;
  readonly heartbeatMs?: number | undefined;
  readonly stallMs?: number;
}

function createHost(settings: SessionSettings = {}) {
  const { maxUnsentBytes = 1_000, stallMs = 60_000 } = settings;
  const heartbeatMs = 'heartbeatMs' in settings ? settings.heartbeatMs : 15_000;
  const clock = createFakeClock();
  const closed: string[] = [];
  const registry: SessionRegistry = createSessionRegistry({ clock, heartbeatMs, stallMs });
  const host: SessionHost = {
    clock,
    maxUnsentBytes,
    onClosed(session, reason) {
      closed.push(reason);
      registry.delete(session);
    },
  };
  return { clock, closed, registry, host };
}

function openSession(settings: SessionSettings = {}, shared = createHost(settings)) {
  const { lifetimeMs = 3_600_000, maxDurationMs = Infinity } = settings;
  const { clock, host, registry } = shared;
  const transport = createMemoryTransport();
  const cancellation = new LazyAbort();
  const session = new Session({
    host,
    transport,
    identity: createIdentity(),
    topics: ['a'],
    cancellation,
    tokenEndMs: clock.now() + lifetimeMs,
    maxDurationMs,
  });
  registry.add(session);
  return { ...shared, transport, cancellation, session };
}

const event = encodeEvent({ data: 'x'.repeat(600) });
const HOUR_MS = 3_600_000;

describe('heartbeats (PROTOCOL 4.4)', () => {
  it('are sent when a session has been silent for the interval, and again after the next', () => {
    const { clock, transport } = openSession();
    clock.advance(14_900);
    expect(transport.text()).toBe('');
    clock.advance(1_600);
    expect(transport.text()).toBe(':\n');
    clock.advance(16_500);
    expect(transport.text()).toBe(':\n:\n');
  });

  it('are not sent while there are events', () => {
    const { clock, session, transport } = openSession();
    for (let count = 0; count < 10; count += 1) {
      clock.advance(10_000);
      session.write(encodeEvent({ data: 'x' }));
    }
    expect(transport.text()).not.toContain(':\n');
  });

  it('are never later than a client waits for them (PROTOCOL 3.2)', () => {
    const { clock, transport, session } = openSession();
    clock.advance(700);
    session.write(encodeEvent({ data: 'x' }));
    clock.advance(15_000 * 1.2);
    expect(transport.text()).toContain(':\n');
  });

  it.each([-HOUR_MS, HOUR_MS / 2])('keep their interval when the time of day steps by %i ms', (stepMs) => {
    const { clock, transport } = openSession();
    clock.step(stepMs);
    clock.advance(14_900);
    expect(transport.text()).toBe('');
    clock.advance(1_600);
    expect(transport.text()).toBe(':\n');
  });

  it('are not sent behind bytes that the client has not taken yet', () => {
    const { clock, transport, session } = openSession();
    transport.isReading = false;
    session.write(encodeEvent({ data: 'x'.repeat(500) }));
    for (let count = 0; count < 5; count += 1) {
      clock.advance(15_000);
      transport.drain(50);
    }
    expect(transport.writeCount).toBe(1);
  });

  it('go on for the others when one session ends', () => {
    const shared = createHost();
    const [first, second] = [openSession({}, shared), openSession({}, shared)];
    first.session.close('client-left');
    shared.clock.advance(16_500);
    expect([first.transport.text(), second.transport.text()]).toEqual(['', ':\n']);
  });

  it('are sent at the check at which the interval is over, and not at the one before', () => {
    const { clock, transport, session } = openSession();
    clock.advance(1_500);
    session.write(encodeEvent({ data: 'x' }));
    clock.advance(14_999);
    expect(transport.writeCount).toBe(1);
    clock.advance(1);
    expect(transport.writeCount).toBe(2);
  });

  it('are not sent, and nothing else is, after the end', () => {
    const { clock, transport, session, registry } = openSession();
    transport.isReading = false;
    session.write(event);
    session.close('revoked');
    registry.add(session);
    session.write(event);
    clock.advance(20_000);
    expect(transport.writeCount).toBe(1);
    session.check(15_000, 1);
    registry.delete(session);
  });

  it('can be switched off', () => {
    const { clock, transport } = openSession({ heartbeatMs: undefined });
    clock.advance(600_000);
    expect(transport.text()).toBe('');
  });

  it('need no timer when there is no session', () => {
    const { clock, session } = openSession();
    session.close('client-left');
    expect(clock.timerCount).toBe(0);
  });

  it('go on when a hook opens a session while others are checked', () => {
    const shared = createHost({ stallMs: 1_000 });
    const { clock } = shared;
    const stalled = openSession({}, shared);
    stalled.transport.isReading = false;
    stalled.session.whenEnded(() => openSession({}, shared));
    stalled.session.write(event);
    clock.advance(2_000);
    expect(shared.closed).toEqual(['slow-consumer']);
    // One that checks, one for the next deadline.
    expect(clock.timerCount).toBe(2);
  });
});

describe('a slow client (PROTOCOL 6.4)', () => {
  it('has no room for live events while more waits than the bound', () => {
    const { transport, session } = openSession({ maxUnsentBytes: 1_000 });
    transport.isReading = false;
    session.write(new Uint8Array(1_000));
    expect(session.hasRoom()).toBe(true);
    session.write(new Uint8Array(1));
    expect(session.hasRoom()).toBe(false);
    transport.drain();
    expect(session.hasRoom()).toBe(true);
  });

  it('is disconnected when it takes nothing for the stall time, however little waits', () => {
    const { clock, transport, session, closed } = openSession();
    transport.isReading = false;
    session.write(encodeEvent({ data: 'x' }));
    clock.advance(59_000);
    expect(closed).toEqual([]);
    clock.advance(5_000);
    expect(closed).toEqual(['slow-consumer']);
    expect(transport.state).toBe('destroyed');
  });

  it('is not disconnected while it takes some bytes, however long a large event takes', () => {
    const { clock, transport, session, closed } = openSession({ lifetimeMs: 48 * HOUR_MS, heartbeatMs: undefined });
    transport.isReading = false;
    session.write(new Uint8Array(1_000_000));
    // 10 bytes in half a minute, for a day; and more is written meanwhile, so that what waits grows.
    for (let count = 0; count < 2_880; count += 1) {
      clock.advance(30_000);
      transport.drain(10);
      if (count % 100 === 0) session.write(new Uint8Array(5_000));
    }
    expect(transport.unsentBytes).toBeGreaterThan(1_000_000);
    expect(closed).toEqual([]);
    clock.advance(72_000);
    expect(closed).toEqual(['slow-consumer']);
  });

  it('is disconnected at the check at which the stall time is over, and not at the one before', () => {
    const { clock, transport, session, closed } = openSession({ heartbeatMs: undefined, stallMs: 60_000 });
    clock.advance(6_000);
    transport.isReading = false;
    session.write(event);
    clock.advance(59_999);
    expect(closed).toEqual([]);
    clock.advance(1);
    expect(closed).toEqual(['slow-consumer']);
    expect(transport.isWatched).toBe(false);
  });

  it('that has taken the head of the response and no event makes no progress', () => {
    const { clock, transport, session, closed } = openSession({ heartbeatMs: undefined, stallMs: 60_000 });
    session.start(200, {}, new Uint8Array(10));
    transport.isReading = false;
    session.write(event);
    clock.advance(66_000);
    expect(closed).toEqual(['slow-consumer']);
  });

  it('that has taken everything is not disconnected for its silence afterwards', () => {
    const { clock, transport, session, closed } = openSession({ heartbeatMs: undefined });
    transport.isReading = false;
    session.write(event);
    clock.advance(50_000);
    transport.drain();
    clock.advance(600_000);
    session.write(event);
    clock.advance(50_000);
    expect(closed).toEqual([]);
  });

  it('lets a writer wait for room, and wakes it at the drain and at the end', async () => {
    const { transport, session } = openSession({ maxUnsentBytes: 100_000 });
    await session.drained();
    transport.isReading = false;
    session.write(encodeEvent({ data: 'x'.repeat(20_000) }));
    let isAwake = false;
    const waiting = session.drained().then(() => (isAwake = true));
    await Promise.resolve();
    expect(isAwake).toBe(false);
    transport.drain();
    await waiting;
    // Nothing waits now, so neither does a writer.
    await session.drained();
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

  it('comes with its token although the time of day was set back', () => {
    const { clock, closed } = openSession({ lifetimeMs: 60_000 });
    clock.step(-HOUR_MS);
    clock.advance(60_000);
    expect(closed).toEqual(['token-expired']);
  });

  it('comes soon after the token has ended by the time of day, which was set forth or went on in the machine’s sleep', () => {
    const { clock, closed } = openSession({ lifetimeMs: HOUR_MS });
    clock.step(HOUR_MS);
    clock.advance(1_500);
    expect(closed).toEqual(['token-expired']);
  });

  it('comes at the server’s own maximum if that is earlier (PROTOCOL 6.1)', () => {
    const { clock, closed } = openSession({ lifetimeMs: 60_000, maxDurationMs: 59_999 });
    clock.advance(59_998);
    expect(closed).toEqual([]);
    clock.advance(1);
    expect(closed).toEqual(['session-expired']);
    const ofToken = openSession({ lifetimeMs: 60_000, maxDurationMs: 60_000 });
    ofToken.clock.advance(60_000);
    expect(ofToken.closed).toEqual(['token-expired']);
  });

  it('comes when it is due though it is further away than a timer reaches', () => {
    const lifetimeMs = 100 * 86_400_000;
    const { clock, closed } = openSession({ lifetimeMs, heartbeatMs: undefined });
    clock.advance(lifetimeMs - 1);
    expect(closed).toEqual([]);
    clock.advance(1);
    expect(closed).toEqual(['token-expired']);
  });

  it('leaves no watcher, timer or signal behind, and is reported once', () => {
    const { clock, transport, cancellation, closed, session, registry } = openSession();
    const ended = vi.fn();
    session.whenEnded(ended);
    const { signal } = session;
    transport.leave();
    session.close('revoked');
    expect([closed, ended.mock.calls.length]).toEqual([['client-left'], 1]);
    expect([signal.aborted, cancellation.isAborted, session.isEnded]).toEqual([true, true, true]);
    expect([transport.isWatched, clock.timerCount, registry.counts().count]).toEqual([false, 0, 0]);
  });

  it('calls a listener at once that is added afterwards', () => {
    const { session, transport } = openSession();
    transport.leave();
    const ended = vi.fn();
    session.whenEnded(ended);
    expect(ended).toHaveBeenCalledOnce();
    expect(session.signal.aborted).toBe(true);
  });

  it('is forced on a client that never takes its last bytes', () => {
    const { clock, transport, session } = openSession();
    transport.isReading = false;
    session.write(event);
    session.close('revoked');
    expect(transport.state).toBe('ended');
    clock.advance(9_999);
    expect(transport.state).toBe('ended');
    clock.advance(1);
    expect(transport.state).toBe('destroyed');
    expect([transport.isWatched, clock.timerCount]).toEqual([false, 0]);
  });

  it('stops waiting once the client has taken its last bytes', () => {
    const { clock, transport, session, closed } = openSession();
    transport.isReading = false;
    session.write(event);
    session.close('revoked');
    transport.drain();
    expect([transport.state, clock.timerCount, transport.isWatched]).toEqual(['ended', 0, false]);
    expect(closed).toEqual(['revoked']);
  });

  it('cancels nothing that it was not asked for: an unused signal is never created', () => {
    const { session, cancellation } = openSession();
    const abort = vi.spyOn(AbortController.prototype, 'abort');
    session.close('revoked');
    expect([abort.mock.calls.length, cancellation.isAborted]).toEqual([0, true]);
    abort.mockRestore();
  });
});

describe('the registry', () => {
  it('counts sessions in all and by user, and forgets users without one', () => {
    const shared = createHost();
    const [first, second] = [openSession({}, shared), openSession({}, shared)];
    expect(shared.registry.counts()).toEqual({ count: 2, byUser: new Map([['t.o', 2]]) });
    first.session.close('revoked');
    shared.registry.delete(first.session);
    expect(shared.registry.counts()).toEqual({ count: 1, byUser: new Map([['t.o', 1]]) });
    second.session.close('revoked');
    expect(shared.registry.counts()).toEqual({ count: 0, byUser: new Map() });
  });

  it('ends the sessions that are meant, and returns how many', () => {
    const shared = createHost();
    openSession({}, shared);
    openSession({}, shared);
    expect(shared.registry.close('server-closing', () => false)).toBe(0);
    expect(shared.registry.close('server-closing', ({ key }) => key === 't.o')).toBe(2);
    expect(shared.closed).toEqual(['server-closing', 'server-closing']);
  });
});
