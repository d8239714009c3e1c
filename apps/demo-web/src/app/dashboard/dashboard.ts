import { Component, computed, effect, inject, untracked } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { FormControl, ReactiveFormsModule } from '@angular/forms';
import { MatFormFieldModule } from '@angular/material/form-field';
import { MatInput } from '@angular/material/input';
import type { AnalyticsMetric, AnalyticsPoint, DataPoint } from 'demo-contract';
import { SseApiService } from '@app/api';
import { LiveChart, TimeSeries } from '@app/chart';
import { StreamBar, StreamView } from '@app/stream';
import { createDataCharts } from './data-charts';
import { analyticsNames, metricNames } from './metric-names';

/** Two minutes at one a second, and some. */
const maxPoints = 150;

const metrics = ['users', 'streams', 'events', 'requests', 'errors'] as const satisfies readonly AnalyticsMetric[];

/** What the API and its machine do now, as charts. */
@Component({
  selector: 'app-realtime-dashboard',
  imports: [LiveChart, MatFormFieldModule, MatInput, ReactiveFormsModule, StreamBar],
  templateUrl: './dashboard.html',
  styleUrl: './dashboard.scss',
})
export class Dashboard {
  readonly #sse = inject(SseApiService);
  readonly #process = createDataCharts('process', maxPoints);
  readonly #machine = createDataCharts('machine', maxPoints);
  readonly #processView = new StreamView<DataPoint>({ maxItems: 1, onData: (point) => this.#process.add(point) });
  readonly #machineView = new StreamView<DataPoint>({ maxItems: 1, onData: (point) => this.#machine.add(point) });
  readonly #analyticsView = new StreamView<AnalyticsPoint>({
    maxItems: 1,
    onData: ({ metric, at, value }) => this.analyticsSeries.add(metric, at, value),
  });

  protected readonly metrics = metrics.map((value) => ({ value, label: analyticsNames[value] }));
  protected readonly metric = new FormControl<AnalyticsMetric>('requests', { nonNullable: true });
  readonly #metric = toSignal(this.metric.valueChanges, { initialValue: this.metric.value });
  protected readonly metricLabel = computed(() => analyticsNames[this.#metric()]);
  protected readonly totalLabel = computed(() =>
    this.#metric() === 'users' || this.#metric() === 'streams'
      ? $localize`:@@dashboard.most:The most at once`
      : $localize`:@@dashboard.total:Since the API started`,
  );
  protected readonly total = computed(
    () => this.#analyticsView.latest()?.total.toLocaleString($localize.locale) ?? '–',
  );
  protected readonly analyticsSeries = new TimeSeries({ maxPoints });

  protected readonly streams = [
    { name: $localize`:@@dashboard.process:Process`, view: this.#processView },
    { name: $localize`:@@dashboard.machine:Machine`, view: this.#machineView },
    { name: $localize`:@@dashboard.analytics:Use`, view: this.#analyticsView },
  ];
  protected readonly groups = [
    { heading: $localize`:@@dashboard.process-heading:The API’s process`, charts: this.#process.charts },
    { heading: $localize`:@@dashboard.machine-heading:The machine it runs on`, charts: this.#machine.charts },
  ];

  constructor() {
    this.#processView.open((config) => this.#sse.connectToDataStream('process', config));
    this.#machineView.open((config) => this.#sse.connectToDataStream('machine', config));
    effect(() => {
      const metric = this.#metric();
      untracked(() => {
        this.analyticsSeries.clear();
        this.#analyticsView.open((config) => this.#sse.streamAnalytics(metric, config));
      });
    });
  }

  protected readonly labelOf = (metric: string): string =>
    metricNames[metric] ?? Object.entries(analyticsNames).find(([name]) => name === metric)?.[1] ?? metric;
}
