import {
  afterNextRender,
  Component,
  computed,
  DestroyRef,
  effect,
  inject,
  input,
  LOCALE_ID,
  signal,
  viewChild,
  type ElementRef,
} from '@angular/core';
import { mediaQuery } from '@app/media-query';
import { createValueFormat, type Unit } from './format-value';
import { Plot } from './plot';
import type { TimeSeries } from './time-series';

/** Rows of the table that stands for the chart. */
const tableRows = 10;

/** A chart of a stream, with its values in words: the latest beside their names, the last ten as a table. */
@Component({
  selector: 'app-live-chart',
  templateUrl: './live-chart.html',
  styleUrl: './live-chart.scss',
})
export class LiveChart {
  /** For tests and styles. */
  readonly name = input.required<string>();
  readonly heading = input.required<string>();
  readonly series = input.required<TimeSeries>();
  readonly unit = input.required<Unit>();
  /** What the value axis begins at. */
  readonly from = input<'zero' | 'data'>('zero');
  readonly windowSeconds = input(120);
  /** What a metric is called on the page. */
  readonly labelOf = input<(metric: string) => string>((metric) => metric);

  readonly #locale = inject(LOCALE_ID);
  readonly #dark = mediaQuery('(prefers-color-scheme: dark)');
  protected readonly plotElementRef = viewChild.required<ElementRef<HTMLElement>>('plot');
  readonly #clock = new Intl.DateTimeFormat(this.#locale, { timeStyle: 'medium' });
  readonly #format = computed(() => createValueFormat(this.#locale, this.unit()));

  protected readonly table = signal<'hidden' | 'shown'>('hidden');
  protected readonly legend = computed(() => {
    this.series().version();
    return this.series()
      .names()
      .map((name) => ({ name, label: this.labelOf()(name), value: this.#write(this.series().latest(name)) }));
  });
  /** Without the values, which stand beside: a label that changes each second is read out each second by some. */
  protected readonly summary = computed(
    () =>
      $localize`:@@chart.summary:Chart: ${this.heading()}:heading:. Its values stand above it and in the table below.`,
  );
  protected readonly rows = computed(() => {
    this.series().version();
    return this.series()
      .rows(tableRows)
      .map(({ time, values }) => ({
        time: this.#clock.format(time * 1_000),
        values: values.map((value) => this.#write(value)),
      }));
  });

  constructor() {
    const plot = signal<Plot | null>(null);
    const destroyRef = inject(DestroyRef);
    afterNextRender(() => {
      const created = new Plot(this.plotElementRef().nativeElement, this.#locale);
      plot.set(created);
      destroyRef.onDestroy(() => created.destroy());
    });
    effect(() => {
      const series = this.series();
      series.version();
      this.#dark();
      plot()?.draw({
        series,
        format: this.#format(),
        from: this.from(),
        windowSeconds: this.windowSeconds(),
      });
    });
  }

  protected onToggle(event: Event): void {
    const { target } = event;
    this.table.set(target instanceof HTMLDetailsElement && target.open ? 'shown' : 'hidden');
  }

  #write(value: number | null): string {
    return value === null ? '–' : this.#format()(value);
  }
}
