import uPlot from 'uplot';
import type { TimeSeries } from './time-series';

interface Drawing {
  readonly series: TimeSeries;
  readonly format: (value: number) => string;
  readonly from: 'zero' | 'data';
  readonly windowSeconds: number;
}

interface Colors {
  readonly axis: string;
  readonly grid: string;
  readonly lines: readonly string[];
}

const tones = 4;
/** So that two values are not stretched over the whole width. */
const leastSeconds = 15;
const font = "11px 'Inter Variable', system-ui, sans-serif";

/** uPlot in an element. However many values come between two frames, it draws once a frame. */
export class Plot {
  readonly #element: HTMLElement;
  readonly #clock: Intl.DateTimeFormat;
  readonly #resize: ResizeObserver;
  #uplot: uPlot | null = null;
  /** What `#uplot` was made for: it is made anew where that changes. */
  #made = '';
  #wanted: Drawing | null = null;
  #frame: number | null = null;

  constructor(element: HTMLElement, locale: string) {
    this.#element = element;
    this.#clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
    this.#resize = new ResizeObserver(() => this.#uplot?.setSize(this.#size()));
    this.#resize.observe(element);
  }

  draw(drawing: Drawing): void {
    this.#wanted = drawing;
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#drawNow();
    });
  }

  destroy(): void {
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#resize.disconnect();
    this.#uplot?.destroy();
  }

  #drawNow(): void {
    if (this.#wanted === null) return;
    if (this.#wanted.series.names().length === 0) {
      this.#uplot?.destroy();
      this.#uplot = null;
      return;
    }
    const { series, from, windowSeconds } = this.#wanted;
    const colors = this.#colors();
    const made = JSON.stringify([series.names(), from, windowSeconds, colors]);
    if (this.#uplot === null || made !== this.#made) {
      this.#uplot?.destroy();
      this.#uplot = new uPlot(this.#options(this.#wanted, colors), series.columns(), this.#element);
      this.#made = made;
    } else {
      this.#uplot.setData(series.columns());
    }
  }

  #size(): { width: number; height: number } {
    return { width: this.#element.clientWidth, height: this.#element.clientHeight };
  }

  /** As the page's styles have them, which know the theme. A canvas does not. */
  #colors(): Colors {
    const { color, borderTopColor } = getComputedStyle(this.#element);
    const figure = this.#element.closest('figure');
    const lines = Array.from({ length: tones }, (_, index) => {
      const swatch = figure?.querySelector(`.tone-${index}`);
      return swatch == null ? color : getComputedStyle(swatch).color;
    });
    return { axis: color, grid: borderTopColor, lines };
  }

  #options({ series, from, windowSeconds }: Drawing, { axis, grid, lines }: Colors): uPlot.Options {
    const shared = { stroke: axis, font, ticks: { show: false }, grid: { stroke: grid, width: 1 } };
    return {
      ...this.#size(),
      cursor: { show: false },
      legend: { show: false },
      scales: {
        x: { range: (_, min, max) => timeRange(windowSeconds, min, max) },
        y: { range: (_, min, max) => valueRange(from, min, max) },
      },
      axes: [
        { ...shared, size: 26, space: 80, values: (_, times) => times.map((time) => this.#clock.format(time * 1_000)) },
        {
          ...shared,
          size: 68,
          space: 36,
          values: (_, values) => values.map((value) => this.#wanted?.format(value) ?? ''),
        },
      ],
      series: [
        {},
        ...series.names().map((label, index) => ({
          label,
          stroke: lines[index % tones] ?? axis,
          width: 2,
          // Past the last colour, the colours come again with another stroke.
          ...(index < tones ? {} : { dash: [6, 4] }),
          spanGaps: true,
          points: { show: false },
        })),
      ],
    };
  }
}

/** The last of it; while there is little, what there is. */
function timeRange(windowSeconds: number, min: number, max: number): [number, number] {
  return [Math.min(max - leastSeconds, Math.max(min, max - windowSeconds)), max];
}

/** With some air above, and below where it does not begin at zero. */
function valueRange(from: 'zero' | 'data', min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [0, 1];
  const air = Math.max((max - min) * 0.15, Math.abs(max) * 0.01, 1e-6);
  return from === 'zero' ? [Math.min(0, min), max === 0 ? 1 : max + air] : [min - air, max + air];
}
