/** What a client has received, in the order of its arrival. */
export type Received =
  | { readonly kind: 'event'; readonly topic: string; readonly number: number; readonly id: string }
  | { readonly kind: 'gap' };

/**
 * What became of a publication. `acknowledged`: it has to arrive. `unknown`: its request failed, so it may arrive, once. `withdrawn`: it was
 * acknowledged, and the engine was then put back to a copy that does not have it.
 */
export type Outcome = 'acknowledged' | 'unknown' | 'withdrawn';

/** Publications by topic and number. The numbers of a topic begin at 1. */
export type Ledger = ReadonlyMap<string, ReadonlyMap<number, Outcome>>;

export interface Verdict {
  readonly lost: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
  /** Gaps that were reported, though the engine had lost nothing. */
  readonly needlessGaps: number;
  /** Events that nobody has published. */
  readonly invented: number;
}

/**
 * Compares what a client has received with what was published on its topics. After a gap, the server sends what its log holds, from the beginning:
 * what the client has had before comes again. A node that has not heard of the loss yet may send lost events once more, and then another gap.
 *
 * @param losses how often the engine has lost events.
 */
export function judge(
  received: readonly Received[],
  topics: readonly string[],
  ledger: Ledger,
  losses: number,
): Verdict {
  const verdict = { lost: 0, duplicated: 0, outOfOrder: 0, needlessGaps: 0, invented: 0 };
  const everReceived = new Set<string>();
  let sinceGap = new Set<string>();
  let lastNumbers = new Map<string, number>();
  let last: { readonly epoch: string; readonly sequence: number } | undefined;
  /** Whether the client has had an event since the last gap that the engine has lost: it has to be told. */
  let hasLostEvent = false;
  let excused = losses;
  for (const entry of received) {
    if (entry.kind === 'gap') {
      if (hasLostEvent) hasLostEvent = false;
      else if (excused > 0) excused -= 1;
      else verdict.needlessGaps += 1;
      sinceGap = new Set();
      lastNumbers = new Map();
      last = undefined;
      continue;
    }
    const { topic, number, id } = entry;
    const key = `${topic} ${number}`;
    const outcome = ledger.get(topic)?.get(number);
    if (outcome === undefined || !topics.includes(topic)) verdict.invented += 1;
    if (outcome === 'withdrawn') hasLostEvent = true;
    if (sinceGap.has(key)) verdict.duplicated += 1;
    sinceGap.add(key);
    everReceived.add(key);
    const [epoch = '', digits] = id.split('-');
    const sequence = Number(digits);
    if (last?.epoch === epoch && sequence <= last.sequence) verdict.outOfOrder += 1;
    last = { epoch, sequence };
    // A publication whose request failed may be stored after the next one.
    if (outcome === 'acknowledged') {
      if (number < (lastNumbers.get(topic) ?? 0)) verdict.outOfOrder += 1;
      lastNumbers.set(topic, number);
    }
  }
  for (const topic of topics) {
    for (const [number, outcome] of ledger.get(topic) ?? []) {
      if (outcome === 'acknowledged' && !everReceived.has(`${topic} ${number}`)) verdict.lost += 1;
    }
  }
  return verdict;
}

export function add(left: Verdict, right: Verdict): Verdict {
  return {
    lost: left.lost + right.lost,
    duplicated: left.duplicated + right.duplicated,
    outOfOrder: left.outOfOrder + right.outOfOrder,
    needlessGaps: left.needlessGaps + right.needlessGaps,
    invented: left.invented + right.invented,
  };
}

export const nothingWrong: Verdict = { lost: 0, duplicated: 0, outOfOrder: 0, needlessGaps: 0, invented: 0 };
