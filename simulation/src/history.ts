import { createEventStream, type StreamRuntime } from '@sillage/client';
import { createMultiplexer } from '@sillage/client/sharing';
import { createChance } from './chance.ts';
import { createNetwork } from './network.ts';
import { observe, type Manner, type Observer } from './observer.ts';
import { createServerWorld } from './server-world.ts';
import { createVirtualTime } from './virtual-time.ts';

/** What one history showed. */
export interface Outcome {
  readonly faults: readonly string[];
  /** What the adversary did, in order. */
  readonly trace: readonly string[];
  readonly events: number;
}

const origin = 'https://api.contoso.example';
/** How long the adversary acts, and how long the streams then have to be live again. */
const attackMs = 30_000;
const recoveryMs = 60_000;

/** Runs the history of one seed: real clients and servers, in simulated time, with an adversary between them. */
export async function runHistory(seed: number): Promise<Outcome> {
  const chance = createChance(seed);
  const time = createVirtualTime();
  const network = createNetwork(time, chance);
  const faults: string[] = [];
  const server = createServerWorld(time, chance, network, (error) => void faults.push(`server: ${String(error)}`));
  const trace: string[] = [];
  const wakeListeners = new Set<() => void>();
  let reachable: 'online' | 'offline' = 'online';
  const topics = Array.from({ length: chance.between(1, 4) }, (_, index) => `t${index}`);
  const published = new Map(topics.map((topic) => [topic, 0]));
  let events = 0;
  const note = (what: string): void => void trace.push(`${time.nowMs} ${what}`);

  const runtime: StreamRuntime = {
    now: () => time.nowMs,
    monotonicNow: () => time.nowMs,
    random: () => chance.next(),
    setTimer: (callback, ms) => time.setTimer(callback, ms),
    lifecycle: {
      network: () => reachable,
      onWake: (listener) => {
        wakeListeners.add(listener);
        return () => wakeListeners.delete(listener);
      },
    },
    reportError: () => undefined,
  };
  const lifetimeMs = chance.pick([3_000, 10_000, 45_000, 600_000]);
  let cached = { token: '', until: 0 };
  const accessToken = async (): Promise<string> => {
    await new Promise<void>((resolve) => time.setTimer(resolve, chance.between(0, 100)));
    // As a cache of tokens does: a token is used until it is nearly over.
    if (cached.until <= time.nowMs) {
      cached = { token: `alice.${time.nowMs + lifetimeMs}`, until: time.nowMs + lifetimeMs * 0.5 };
    }
    return cached.token;
  };
  const options = { accessToken, runtime, stableAfterMs: 5_000, reconnect: { maxDelayMs: 5_000 } };
  const multiplexer = chance.happens(0.5) ? createMultiplexer(origin, { fetch: network.fetch, runtime }) : undefined;
  const observers: Observer[] = [];

  const publish = async (topic: string): Promise<void> => {
    const number = (published.get(topic) ?? 0) + 1;
    published.set(topic, number);
    events += 1;
    await server.publish(topic, number);
  };
  const subscribe = (): void => {
    const topic = chance.pick(topics);
    const manner = chance.pick<Manner>(['quick', 'quick', 'slow', 'throwing', 'reentrant']);
    note(`subscribe to ${topic}, ${manner}`);
    const path = `/topics/${topic}`;
    const stream =
      multiplexer?.stream<number>(path, options) ??
      createEventStream<number>(`${origin}${path}`, { ...options, fetch: network.fetch });
    observers.push(observe(stream, topic, { time, chance, manner, published: () => published.get(topic) ?? 0 }));
  };

  const act = async (): Promise<void> => {
    const dice = chance.next();
    if (dice < 0.55) {
      for (let count = chance.pick([1, 1, 1, 2, 5, 30]); count > 0; count -= 1) await publish(chance.pick(topics));
    } else if (dice < 0.65) {
      note('cut');
      network.cut(chance.pick([0.3, 1]));
    } else if (dice < 0.69) {
      note('silence');
      network.silence(chance.pick([0.3, 1]));
    } else if (dice < 0.73) {
      const log = chance.pick(['kept', 'kept', 'lost'] as const);
      note(`restart, log ${log}`);
      await server.restart(log);
    } else if (dice < 0.77) {
      note('drain');
      server.drain();
    } else if (dice < 0.8) {
      note('revoke');
      server.revoke('alice');
    } else if (dice < 0.84) {
      if (observers.length < 8) subscribe();
    } else if (dice < 0.87) {
      const [first] = observers;
      if (first !== undefined && observers.length > 1) {
        note(`unsubscribe from ${first.topic}`);
        first.stop();
        observers.shift();
        faults.push(...first.faults);
      }
    } else if (dice < 0.9) {
      reachable = chance.pick(['online', 'offline']);
      note(reachable);
      for (const listener of [...wakeListeners]) listener();
    } else if (dice < 0.93) {
      note('wake');
      for (const listener of [...wakeListeners]) listener();
    } else if (dice < 0.95) {
      note('reconnect');
      if (observers.length > 0) chance.pick(observers).stream.reconnect();
    } else if (dice < 0.97) {
      note('clock step');
      server.stepClock(chance.pick([-3_600_000, 3_600_000, -5_000]));
    }
  };

  for (let count = chance.between(1, 4); count > 0; count -= 1) subscribe();
  while (time.nowMs < attackMs) {
    await time.runUntil(time.nowMs + chance.pick([0, 1, 20, 200, 1_000, 4_000]));
    await act();
  }

  // The adversary stops: every stream must be live within a limited time, and have the last event.
  reachable = 'online';
  await time.runUntil(attackMs + recoveryMs);
  for (const topic of topics) await publish(topic);
  await time.runUntil(time.nowMs + 10_000);
  for (const observer of observers) {
    const expected = published.get(observer.topic) ?? 0;
    if (observer.stream.state.status !== 'open') faults.push(`stuck: ${observer.topic} is ${observer.state()}.`);
    else if (observer.last !== expected) faults.push(`lost: ${observer.topic} has ${observer.last} of ${expected}.`);
    faults.push(...observer.faults);
    observer.stop();
  }
  await time.runUntil(time.nowMs + 1_000);
  await server.close();
  await time.runUntil(time.nowMs + 100_000);
  if (network.openCount > 0) faults.push(`leaked: ${network.openCount} connections.`);
  if (time.armed > 0) faults.push(`leaked: ${time.armed} timers.`);
  if (wakeListeners.size > 0) faults.push(`leaked: ${wakeListeners.size} listeners.`);
  return { faults, trace, events };
}
