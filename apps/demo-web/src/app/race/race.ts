import { Component, DestroyRef, inject, signal } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { MatButton } from '@angular/material/button';
import type { StreamFault } from 'demo-contract';
import { describeError, ShowcaseApi } from '@app/api';
import { PulseFigures, PulseRibbon } from '@app/pulse';
import { connectEventSource } from './connect-event-source';
import { connectFetchEventSource } from './connect-fetch-event-source';
import { connectSillage } from './connect-sillage';
import { Lane, type Connect, type LaneState } from './lane';

interface Runner {
  readonly key: string;
  readonly name: string;
  /** What of a token others get to see, and what becomes of it when it expires. */
  readonly token: string;
  readonly lane: Lane;
}

const showMs = 200;
const reportMs = 500;

/** Three clients on one stream, under the same faults. */
@Component({
  selector: 'app-race',
  imports: [MatButton, PulseFigures, PulseRibbon],
  templateUrl: './race.html',
  styleUrl: './race.scss',
})
export class Race {
  readonly #api = inject(ShowcaseApi);
  readonly #destroyRef = inject(DestroyRef);

  protected readonly runners = signal<readonly Runner[]>([]);
  protected readonly problem = signal<string | null>(null);
  protected readonly missingLabel = $localize`:@@race.missing:Not received`;

  constructor() {
    this.start();
    const showing = setInterval(() => this.#each((lane) => lane.show()), showMs);
    const reporting = setInterval(() => this.#askReport(), reportMs);
    this.#destroyRef.onDestroy(() => {
      clearInterval(showing);
      clearInterval(reporting);
      this.#each((lane) => lane.close());
    });
  }

  /** All at the same moment, from nothing. */
  protected start(): void {
    this.#each((lane) => lane.close());
    this.problem.set(null);
    const urlOf = (viewer: string): string => this.#api.urlOf(viewer);
    const runner = (key: string, name: string, token: string, connect: Connect): Runner => ({
      ...{ key, name, token },
      lane: new Lane(connect),
    });
    this.runners.set([
      runner(
        'event-source',
        'EventSource',
        $localize`:@@race.event-source:Can send no header: a token would be in the URL, in every log on the way, and the same until the page makes another EventSource.`,
        connectEventSource(urlOf),
      ),
      runner(
        'fetch-event-source',
        'fetch-event-source 2.0.1',
        $localize`:@@race.fetch-event-source:Sends a token in a header, the one that it was called with: after it has expired, every reconnection is refused.`,
        connectFetchEventSource(urlOf),
      ),
      runner(
        'sillage',
        'Sillage',
        $localize`:@@race.sillage:Sends a token in a header, asks for a current one for each connection, and changes connection before it expires.`,
        connectSillage(this.#api),
      ),
    ]);
  }

  protected cut(): void {
    this.#cause({ kind: 'cut' });
  }

  protected refuse(): void {
    this.#cause({ kind: 'refuse', count: 1 });
  }

  protected wordOf(state: LaneState): string {
    switch (state) {
      case 'connecting':
        return $localize`:@@stream.connecting:Connecting…`;
      case 'open':
        return $localize`:@@stream.open:Live`;
      case 'waiting':
        return $localize`:@@stream.waiting:Reconnecting`;
      case 'ended':
        return $localize`:@@race.ended:Given up`;
    }
  }

  #cause(fault: StreamFault): void {
    this.problem.set(null);
    this.#api
      .cause({ viewers: this.runners().map(({ lane }) => lane.viewer), fault })
      .pipe(takeUntilDestroyed(this.#destroyRef))
      .subscribe({ error: (error: unknown) => this.problem.set(describeError(error)) });
  }

  #askReport(): void {
    this.#api
      .report()
      .pipe(takeUntilDestroyed(this.#destroyRef))
      .subscribe({
        next: (report) => this.#each((lane) => lane.report(report)),
        error: (error: unknown) => this.problem.set(describeError(error)),
      });
  }

  #each(work: (lane: Lane) => void): void {
    for (const { lane } of this.runners()) work(lane);
  }
}
