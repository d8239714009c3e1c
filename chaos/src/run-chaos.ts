import { setTimeout as delay } from 'node:timers/promises';
import { startCluster } from './cluster.ts';
import { startEngine } from './engines.ts';
import type { EngineName } from './engines.ts';
import { follow } from './followers.ts';
import { add, judge, nothingWrong } from './ledger.ts';
import type { Verdict } from './ledger.ts';
import { startPublishers } from './publishers.ts';

export interface ChaosOptions {
  readonly engine: EngineName;
  readonly clients: number;
  readonly faults: number;
  /** Ends the run earlier, or `Infinity`. */
  readonly maxMs: number;
  /** The mean time between two faults. */
  readonly everyMs: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface ChaosResult {
  readonly faults: number;
  readonly faultsByKind: Readonly<Record<string, number>>;
  readonly published: number;
  readonly delivered: number;
  readonly verdict: Verdict;
  /** Clients that did not get the last events in time. */
  readonly stuck: readonly string[];
}

const topicCount = 10;
const topicsOfClient = 3;
const publishEveryMs = 50;
const settleMs = 60_000;

/** Runs real clients against real nodes and a real engine while everything between them fails, and judges what each client has received. */
export async function runChaos({
  engine: name,
  clients,
  faults,
  maxMs,
  everyMs,
  seed,
  say,
}: ChaosOptions): Promise<ChaosResult> {
  const random = createRandom(seed);
  const engine = await startEngine(name);
  const cluster = await startCluster(name, engine.port, 2);
  const topics = Array.from({ length: topicCount }, (_, index) => `t${index}`);
  const followers = Array.from({ length: clients }, (_, index) => {
    const own = Array.from({ length: topicsOfClient }, (_unused, at) => `t${(index + at * 3) % topicCount}`);
    return follow(cluster.url, `user-${index}`, own, () => undefined);
  });
  let losses = 0;
  const byKind: Record<string, number> = {};
  try {
    await until(
      () => followers.every(({ stream }) => stream.state.status === 'open' && stream.lastEventId !== ''),
      30_000,
    );
    const publishers = startPublishers(cluster.url, topics, publishEveryMs);
    const kinds: readonly (readonly [string, number, () => unknown])[] = [
      ['connections reset', 6, () => cluster.balancer.reset(0.3, random)],
      ['connections that swallow', 4, () => cluster.balancer.swallow(0.2, 4_000, random)],
      ['connections that stall', 4, () => cluster.balancer.stall(0.3, 1_500, random)],
      ['engine connections reset', 4, () => cluster.toEngineOf(index())?.reset(1, random)],
      ['engine connections that swallow', 2, () => cluster.toEngineOf(index())?.swallow(1, 5_000, random)],
      ['engine answers lost', 3, () => cluster.toEngineOf(index())?.swallow(1, 300, random, 'answers')],
      ['clock steps', 2, () => cluster.stepClock(index(), (random() - 0.5) * 60_000)],
      ['node killed', 3, () => cluster.kill(index())],
      [
        'rolling restart',
        2,
        async () => {
          await cluster.roll(0);
          await cluster.roll(1);
        },
      ],
      ['engine killed', 1, () => engine.crash()],
      [
        'failover to an older copy',
        1,
        async () => {
          await publishers.pause();
          await engine.failOverToCopy(async () => {
            publishers.expectLoss();
            publishers.resume();
            await delay(400);
            await publishers.pause();
            losses += 1;
          });
          publishers.resume();
        },
      ],
    ];
    const index = (): number => Math.floor(random() * 2);
    const weight = kinds.reduce((total, [, share]) => total + share, 0);
    // Each kind once at least, then at random.
    const order = kinds.map((_, at) => at).sort(() => random() - 0.5);
    const endAt = performance.now() + maxMs;
    let count = 0;
    for (; count < faults && performance.now() < endAt; count += 1) {
      let pick = random() * weight;
      const at = order[count] ?? kinds.findIndex(([, share]) => (pick -= share) < 0);
      const [kind, , inflict] = kinds[at] ?? [];
      if (kind === undefined || inflict === undefined) continue;
      byKind[kind] = (byKind[kind] ?? 0) + 1;
      say(`${count + 1}: ${kind} (${publishers.acknowledged} published)`);
      await inflict();
      await delay(everyMs * (0.5 + random()));
    }
    await publishers.finish();
    const isComplete = ({ topics: own, received }: (typeof followers)[number]): boolean =>
      own.every((topic) => {
        const last = [...(publishers.ledger.get(topic)?.keys() ?? [])].at(-1);
        return received.some((entry) => entry.kind === 'event' && entry.topic === topic && entry.number === last);
      });
    await until(() => followers.every(isComplete), settleMs);
    const verdicts = followers.map(({ received, topics: own }) => judge(received, own, publishers.ledger, losses));
    return {
      faults: count,
      faultsByKind: byKind,
      published: publishers.acknowledged,
      delivered: followers.reduce((total, { received }) => total + received.length, 0),
      verdict: verdicts.reduce(add, nothingWrong),
      stuck: followers.flatMap((follower, at) =>
        isComplete(follower) ? [] : [`user-${at}: ${follower.stream.state.status}`],
      ),
    };
  } finally {
    for (const { stream } of followers) stream.close();
    await cluster.close();
    await engine.remove();
  }
}

/** Waits for a condition, at most for a time: what is not so by then is in the result. */
async function until(isTrue: () => boolean, ms: number): Promise<void> {
  const deadline = performance.now() + ms;
  while (!isTrue() && performance.now() < deadline) await delay(50);
}

/** mulberry32: the same faults in the same order for the same seed. What they meet is up to the machine. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
