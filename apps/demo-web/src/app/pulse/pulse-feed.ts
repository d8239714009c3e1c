import { DestroyRef, effect, inject, signal, untracked } from '@angular/core';
import type { Pulse, PulseReport } from 'demo-contract';
import type { Observable } from 'rxjs';
import type { MsalApiConfig } from '@app/api';
import { StreamView } from '@app/stream';
import { PulseTally, type PulseFigures } from './pulse-tally';

interface PulseFeedOptions {
  readonly open: (config: MsalApiConfig) => Observable<Pulse>;
  readonly report: () => Observable<PulseReport>;
}

/** What a time line shows. */
export interface PulseSight {
  readonly tally: PulseTally;
  /** The latest outages; one that lasts still ends now. */
  outages(nowMs: number): readonly Outage[];
}

/** A stretch of time without a connection. */
export interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
}

const showMs = 200;
const reportMs = 1_000;
/** While nothing arrives, the time line has only the report to show what is missing. */
const reportWhileInterruptedMs = 300;
const maxOutages = 20;

/** A stream of numbered events with its counters. Create it in an injection context: it ends with the page. */
export class PulseFeed implements PulseSight {
  readonly #report: PulseFeedOptions['report'];
  readonly #figures = signal<PulseFigures>(new PulseTally().figures(0));
  readonly #rotations = signal(0);
  readonly #outages: Outage[] = [];
  #outageFromMs: number | null = null;
  #tally = new PulseTally();

  readonly view = new StreamView<Pulse>({ maxItems: 1, onData: (pulse) => this.#tally.add(pulse, Date.now()) });
  readonly figures = this.#figures.asReadonly();
  /** How often the stream moved to another connection without a pause. */
  readonly rotations = this.#rotations.asReadonly();

  constructor({ open, report }: PulseFeedOptions) {
    this.#report = report;
    this.view.open((config) => open({ ...config, onRotate: () => this.#rotations.update((count) => count + 1) }));
    const showing = setInterval(() => this.#figures.set(this.#tally.figures(Date.now())), showMs);
    inject(DestroyRef).onDestroy(() => clearInterval(showing));
    effect((onCleanup) => {
      const { status } = this.view.state();
      untracked(() => this.#note(status));
      const reporting = setInterval(() => this.#askReport(), status === 'open' ? reportMs : reportWhileInterruptedMs);
      onCleanup(() => clearInterval(reporting));
    });
  }

  get tally(): PulseTally {
    return this.#tally;
  }

  outages(nowMs: number): readonly Outage[] {
    const current = this.#outageFromMs;
    return current === null ? this.#outages : [...this.#outages, { fromMs: current, toMs: nowMs }];
  }

  /** Begins to count again, on the same connection. */
  restart(): void {
    this.#tally = new PulseTally();
    this.#rotations.set(0);
  }

  #note(status: string): void {
    if (status === 'open') {
      if (this.#outageFromMs !== null) this.#outages.push({ fromMs: this.#outageFromMs, toMs: Date.now() });
      this.#outageFromMs = null;
      if (this.#outages.length > maxOutages) this.#outages.shift();
      // Right away: the resumed events arrive now, and the count that they are compared with has to be newer.
      this.#askReport();
    } else if (this.view.received() > 0) this.#outageFromMs ??= Date.now();
  }

  #askReport(): void {
    this.#report().subscribe({
      next: (report) => this.#tally.report(report),
      // An API that is away has nothing to say; the next question comes in a second.
      error: () => undefined,
    });
  }
}
