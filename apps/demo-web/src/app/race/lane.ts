import { signal } from '@angular/core';
import type { Pulse, PulseReport } from 'demo-contract';
import { PulseTally, type Figures, type Outage, type PulseSight } from '@app/pulse';

/** `ended`: the client has given up for good. */
export type LaneState = 'connecting' | 'open' | 'waiting' | 'ended';

interface LaneObserver {
  readonly pulse: (pulse: Pulse) => void;
  readonly state: (state: LaneState) => void;
}

/** Opens a client's stream of numbered events. @returns a function that closes it. */
export type Connect = (viewer: string, observer: LaneObserver) => () => void;

/** One client in the race. All are counted by the same code, from the numbers of the events alone. */
export class Lane implements PulseSight {
  readonly viewer = crypto.randomUUID();
  readonly tally = new PulseTally();
  readonly #state = signal<LaneState>('connecting');
  readonly #figures = signal<Figures>(this.tally.figures(0));
  readonly #outages: Outage[] = [];
  readonly #close: () => void;
  #outageFromMs: number | null = null;

  readonly state = this.#state.asReadonly();
  readonly figures = this.#figures.asReadonly();

  constructor(connect: Connect) {
    this.#close = connect(this.viewer, {
      pulse: (pulse) => this.tally.add(pulse, Date.now()),
      state: (state) => this.#become(state),
    });
  }

  outages(nowMs: number): readonly Outage[] {
    const current = this.#outageFromMs;
    return current === null ? this.#outages : [...this.#outages, { fromMs: current, toMs: nowMs }];
  }

  report(report: PulseReport): void {
    this.tally.report(report);
  }

  show(): void {
    this.#figures.set(this.tally.figures(Date.now()));
  }

  close(): void {
    this.#close();
  }

  #become(state: LaneState): void {
    if (this.#state() === 'ended') return;
    this.#state.set(state);
    if (state === 'open') {
      if (this.#outageFromMs !== null) this.#outages.push({ fromMs: this.#outageFromMs, toMs: Date.now() });
      this.#outageFromMs = null;
    } else if (this.tally.marks.length > 0) this.#outageFromMs ??= Date.now();
  }
}
