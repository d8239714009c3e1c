import type { Pulse, PulseReport } from 'demo-contract';

/** What the numbers of the events prove. */
export interface PulseFigures {
  /** Published by the API since the first event that arrived here, by its own count. */
  readonly sent: number;
  readonly received: number;
  /** Numbers that are missing although a later one has arrived. */
  readonly lost: number;
  readonly duplicated: number;
  /** Published, and neither here nor passed over: a connection that resumes brings them. */
  readonly missing: number;
  /** Arrived late, because they were published while the connection was interrupted. */
  readonly recovered: number;
  readonly longestPauseMs: number;
}

/** How an event arrived. */
export type PulseKind = 'live' | 'recovered' | 'duplicate';

/** An event on the time line. */
export interface PulseMark {
  /** On this machine's clock, from the API's time of publication. */
  readonly atMs: number;
  readonly kind: PulseKind;
}

interface Run {
  readonly name: string;
  readonly first: number;
  highest: number;
  published: number;
  received: number;
  readonly holes: Set<number>;
}

/** The interval of the events, as the API publishes them. */
const pulseIntervalMs = 50;
/** An event that needs this much longer than the fastest one was held up by an interruption. */
const lateMs = 400;
/** The time line shows the last of them. */
const maxMarks = 1_200;

/** Counts numbered events against what the API says it has published. Nothing is estimated but the places of missing events on the time line. */
export class PulseTally {
  readonly #runs: Run[] = [];
  readonly marks: PulseMark[] = [];
  #duplicated = 0;
  #recovered = 0;
  #longestPauseMs = 0;
  #lastArrivalMs: number | undefined;
  #lastPublishedMs = 0;
  /** The difference of the two clocks, and the shortest way: no event is faster than the fastest. */
  #shortestWayMs = Infinity;

  add({ run: name, seq, at }: Pulse, nowMs: number): PulseKind {
    const publishedMs = Date.parse(at);
    this.#shortestWayMs = Math.min(this.#shortestWayMs, nowMs - publishedMs);
    if (this.#lastArrivalMs !== undefined) {
      this.#longestPauseMs = Math.max(this.#longestPauseMs, nowMs - this.#lastArrivalMs);
    }
    this.#lastArrivalMs = nowMs;
    const kind = this.#count(this.#runOf(name, seq), seq, nowMs - publishedMs - this.#shortestWayMs);
    this.#lastPublishedMs = Math.max(this.#lastPublishedMs, publishedMs);
    this.marks.push({ atMs: publishedMs + this.#shortestWayMs, kind });
    if (this.marks.length > maxMarks) this.marks.splice(0, this.marks.length - maxMarks);
    return kind;
  }

  /** What the API says it has published. A run that is not this page's is another one's. */
  report({ run: name, published }: PulseReport): void {
    const run = this.#runs.find((known) => known.name === name);
    if (run !== undefined) run.published = Math.max(run.published, published);
  }

  figures(nowMs: number): PulseFigures {
    const sum = (of: (run: Run) => number): number => this.#runs.reduce((total, run) => total + of(run), 0);
    const sent = sum(({ first, highest, published }) => Math.max(highest, published) - first + 1);
    const received = sum((run) => run.received);
    const lost = sum(({ holes }) => holes.size);
    return {
      sent,
      received,
      lost,
      duplicated: this.#duplicated,
      missing: sent - received - lost,
      recovered: this.#recovered,
      longestPauseMs: Math.max(
        this.#longestPauseMs,
        this.#lastArrivalMs === undefined ? 0 : nowMs - this.#lastArrivalMs,
      ),
    };
  }

  /** Where the events belong on the time line that were published after the last one that arrived. */
  missingAtMs(nowMs: number): number[] {
    const run = this.#runs.at(-1);
    if (run === undefined) return [];
    const from = this.#lastPublishedMs + this.#shortestWayMs;
    const count = Math.min(run.published - run.highest, maxMarks);
    return Array.from({ length: Math.max(0, count) }, (_, index) => from + (index + 1) * pulseIntervalMs).filter(
      (atMs) => atMs < nowMs,
    );
  }

  #runOf(name: string, seq: number): Run {
    const known = this.#runs.find((run) => run.name === name);
    if (known !== undefined) return known;
    const run: Run = { name, first: seq, highest: seq - 1, published: 0, received: 0, holes: new Set() };
    this.#runs.push(run);
    return run;
  }

  #count(run: Run, seq: number, delayMs: number): PulseKind {
    if (seq <= run.highest && !run.holes.delete(seq)) {
      this.#duplicated += 1;
      return 'duplicate';
    }
    for (let missing = run.highest + 1; missing < seq; missing += 1) run.holes.add(missing);
    run.highest = Math.max(run.highest, seq);
    run.received += 1;
    if (delayMs < lateMs) return 'live';
    this.#recovered += 1;
    return 'recovered';
  }
}
