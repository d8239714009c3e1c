import { Component, computed, inject, LOCALE_ID } from '@angular/core';
import type { ServerHealth } from 'demo-contract';
import { SseApiService } from '@app/api';
import { createValueFormat, LiveChart, TimeSeries } from '@app/chart';
import { StreamBar, StreamView } from '@app/stream';
import { describeDuration } from '@app/describe-duration';

const maxPoints = 150;
const storeNames: Readonly<Partial<Record<ServerHealth['store'], string>>> = {
  sqlite: 'SQLite',
  postgres: 'PostgreSQL',
  redis: 'Redis',
};

interface Fact {
  readonly key: keyof ServerHealth;
  readonly label: string;
  readonly value: string;
  readonly raw: string | number | null;
}

/** How the API does. */
@Component({
  selector: 'app-health',
  imports: [LiveChart, StreamBar],
  templateUrl: './health.html',
  styleUrl: './health.scss',
})
export class Health {
  readonly #sse = inject(SseApiService);
  readonly #locale = inject(LOCALE_ID);
  readonly #count = createValueFormat(this.#locale, 'count');
  readonly #bytes = createValueFormat(this.#locale, 'bytes');
  readonly #milliseconds = createValueFormat(this.#locale, 'milliseconds');

  protected readonly view = new StreamView<ServerHealth>({
    maxItems: 1,
    onData: ({ at, eventLoopDelayMs, heapUsedBytes }) => {
      this.delays.add('eventLoopDelay', at, eventLoopDelayMs);
      this.heap.add('heapUsed', at, heapUsedBytes);
    },
  });
  protected readonly delays = new TimeSeries({ maxPoints });
  protected readonly heap = new TimeSeries({ maxPoints });
  protected readonly facts = computed((): readonly Fact[] => this.#factsOf(this.view.latest()));

  constructor() {
    this.view.open((config) => this.#sse.monitorServerHealth(config));
  }

  protected readonly labelOf = (metric: string): string =>
    metric === 'heapUsed' ? $localize`:@@metric.heap-used:Heap in use` : $localize`:@@health.delay:Delay`;

  #factsOf(health: ServerHealth | null): readonly Fact[] {
    const fact = <K extends keyof ServerHealth>(
      key: K,
      label: string,
      write: (value: ServerHealth[K]) => string,
    ): Fact => ({
      key,
      label,
      value: health === null ? '–' : write(health[key]),
      raw: health === null ? null : health[key],
    });
    return [
      fact('status', $localize`:@@health.status:Status`, (status) =>
        status === 'ok' ? $localize`:@@health.ok:Keeps up` : $localize`:@@health.busy:Busy`,
      ),
      fact('sessions', $localize`:@@health.sessions:Sessions`, this.#count),
      fact('eventLoopDelayMs', $localize`:@@health.event-loop:Event loop delay`, this.#milliseconds),
      fact('heapUsedBytes', $localize`:@@health.heap-used:Heap in use`, this.#bytes),
      fact('heapLimitBytes', $localize`:@@health.heap-limit:Heap limit`, this.#bytes),
      fact('logDelayMs', $localize`:@@health.log-delay:Last append to the log`, this.#milliseconds),
      fact(
        'store',
        $localize`:@@health.store:Event log`,
        (store) => storeNames[store] ?? $localize`:@@health.memory:In memory`,
      ),
      fact('uptimeSeconds', $localize`:@@health.uptime:Running for`, describeDuration),
    ];
  }
}
