import { describe, expect, it } from 'vitest';
import { ScriptedWorld } from '../testing/scripted-world.fixture.ts';
import { watchSilence, type SilenceLimits } from './silence.ts';

function watch(limits: Partial<SilenceLimits>) {
  const world = new ScriptedWorld();
  const silent: [string, number][] = [];
  const timersMs: number[] = [];
  const { monotonicNow, setTimer } = world.runtime;
  const silence = watchSilence(
    { heartbeatMs: Infinity, idleMs: Infinity, ...limits },
    {
      monotonicNow,
      setTimer: (callback, ms) => {
        timersMs.push(ms);
        return setTimer(callback, ms);
      },
    },
    (limit, ms) => silent.push([limit, ms]),
  );
  return { world, silence, silent, timersMs };
}

describe('watching a connection for silence', () => {
  it('holds no timer if there is no limit', () => {
    const { world, silence } = watch({});
    expect(silence).toBeUndefined();
    expect(world.held).toBe(0);
  });

  it.each([
    ['heartbeat-timeout', { heartbeatMs: 1_000 }],
    ['idle-timeout', { idleMs: 1_000 }],
    ['heartbeat-timeout', { heartbeatMs: 1_000, idleMs: 1_000 }],
    ['idle-timeout', { heartbeatMs: 2_000, idleMs: 1_000 }],
  ])('reports %s with the limits %j, and with one timer', async (limit, limits) => {
    const { world, silent, timersMs } = watch(limits);
    await world.advance(999);
    expect(silent).toEqual([]);
    await world.advance(1);
    expect(silent).toEqual([[limit, 1_000]]);
    expect(timersMs).toEqual([1_000]);
  });

  it('measures the heartbeat from the last bytes', async () => {
    const { world, silence, silent, timersMs } = watch({ heartbeatMs: 1_000, idleMs: 5_000 });
    await world.advance(600);
    silence?.bytes();
    await world.advance(400);
    expect(timersMs).toEqual([1_000, 600]);
    await world.advance(599);
    expect(silent).toEqual([]);
    await world.advance(1);
    expect(silent).toEqual([['heartbeat-timeout', 1_000]]);
  });

  it('measures the idle time from the last event: bytes without one do not count', async () => {
    const { world, silence, silent } = watch({ idleMs: 1_000 });
    await world.advance(600);
    silence?.bytes();
    silence?.event();
    await world.advance(500);
    silence?.bytes();
    await world.advance(499);
    expect(silent).toEqual([]);
    await world.advance(1);
    expect(silent).toEqual([['idle-timeout', 1_000]]);
  });

  it('does not count a pause, and begins again after it with one timer', async () => {
    const { world, silence, silent } = watch({ heartbeatMs: 1_000, idleMs: 1_500 });
    await world.advance(900);
    silence?.pause();
    await world.advance(60_000);
    expect(silent).toEqual([]);
    silence?.resume();
    expect(world.held).toBe(1);
    await world.advance(900);
    silence?.bytes();
    await world.advance(599);
    expect(silent).toEqual([]);
    await world.advance(1);
    expect(silent).toEqual([['idle-timeout', 1_500]]);
  });

  it('replaces its timer after a short pause', () => {
    const { world, silence } = watch({ heartbeatMs: 1_000 });
    silence?.pause();
    silence?.resume();
    expect(world.held).toBe(1);
  });

  it('is not prolonged by resume() without a pause', async () => {
    const { world, silence, silent } = watch({ heartbeatMs: 1_000 });
    await world.advance(600);
    silence?.resume();
    await world.advance(400);
    expect(silent).toEqual([['heartbeat-timeout', 1_000]]);
  });

  it('holds nothing and reports nothing after stop(), also if it is paused and resumed then', async () => {
    const { world, silence, silent } = watch({ heartbeatMs: 1_000 });
    silence?.stop();
    expect(world.held).toBe(0);
    silence?.pause();
    silence?.resume();
    expect(world.held).toBe(0);
    await world.advance(1_000);
    expect(silent).toEqual([]);
  });

  it('waits for a limit that is longer than a timer can be', async () => {
    const longest = 2 ** 31 - 1;
    const { world, silent, timersMs } = watch({ heartbeatMs: 2 ** 31 + 999 });
    expect(timersMs).toEqual([longest]);
    await world.advance(longest);
    expect(silent).toEqual([]);
    expect(timersMs).toEqual([longest, 1_000]);
  });
});
