import { afterNextRender, Component, DestroyRef, inject, input, viewChild, ElementRef } from '@angular/core';
import type { PulseSight } from './pulse-feed';

const windowMs = 12_000;
const colourRefreshMs = 1_000;
/** How often it is drawn for those who prefer no motion. */
const stillMs = 1_000;

type Tone = 'live' | 'recovered' | 'missing' | 'duplicate';

/**
 * The last seconds of a stream as a time line: each event stands where it was published, so those that an interruption held up fill its gap when they
 * arrive. What it shows is in the figures beside it too.
 */
@Component({
  selector: 'app-pulse-ribbon',
  template: `
    <canvas #canvas aria-hidden="true"></canvas>
    <ul class="legend">
      <li>
        <span class="swatch live" data-tone="live"></span>
        <ng-container i18n="@@pulse.legend.live">on time</ng-container>
      </li>
      <li>
        <span class="swatch missing" data-tone="missing"></span>
        <ng-container i18n="@@pulse.legend.missing">sent, not here yet</ng-container>
      </li>
      <li>
        <span class="swatch recovered" data-tone="recovered"></span>
        <ng-container i18n="@@pulse.legend.recovered">recovered</ng-container>
      </li>
    </ul>
    <span hidden data-tone="duplicate"></span>
  `,
  styles: `
    :host {
      display: grid;
      gap: 0.5rem;
    }
    canvas {
      display: block;
      width: 100%;
      height: var(--pulse-height, 5.5rem);
      border-radius: 0.6rem;
      background: var(--sea-wash);
    }
    .legend {
      display: flex;
      flex-wrap: wrap;
      gap: 0.15rem 1.1rem;
      margin: 0;
      padding: 0;
      color: var(--sea-muted);
      font-size: 0.8125rem;
      list-style: none;
    }
    li {
      display: inline-flex;
      align-items: center;
      gap: 0.4rem;
    }
    .swatch {
      width: 0.45rem;
      height: 0.9rem;
      border: 1.5px solid currentColor;
      border-radius: 0.15rem;
    }
    .live,
    .recovered {
      background: currentColor;
    }
    [data-tone='live'] {
      color: var(--sea-live);
    }
    [data-tone='missing'] {
      color: var(--sea-warn);
    }
    [data-tone='recovered'] {
      color: var(--sea-glow);
    }
    [data-tone='duplicate'] {
      color: var(--sea-alert);
    }
  `,
})
export class PulseRibbon {
  readonly feed = input.required<PulseSight>();
  protected readonly canvas = viewChild.required<ElementRef<HTMLCanvasElement>>('canvas');
  readonly #host = inject<ElementRef<HTMLElement>>(ElementRef);
  #colours: Readonly<Record<Tone, string>> = { live: '', recovered: '', missing: '', duplicate: '' };
  #coloursAtMs = -Infinity;
  #drawnAtMs = -Infinity;

  constructor() {
    const still = matchMedia('(prefers-reduced-motion: reduce)');
    let frame = 0;
    const draw = (nowMs: number): void => {
      frame = requestAnimationFrame(draw);
      if (still.matches && nowMs - this.#drawnAtMs < stillMs) return;
      this.#drawnAtMs = nowMs;
      if (nowMs - this.#coloursAtMs > colourRefreshMs) this.#readColours(nowMs);
      this.#draw();
    };
    afterNextRender({ read: () => (frame = requestAnimationFrame(draw)) });
    inject(DestroyRef).onDestroy(() => cancelAnimationFrame(frame));
  }

  /** A canvas knows no custom properties, and the colour scheme may change at any time. */
  #readColours(nowMs: number): void {
    this.#coloursAtMs = nowMs;
    const of = (tone: Tone): string => {
      const found = this.#host.nativeElement.querySelector(`[data-tone="${tone}"]`);
      return found === null ? '' : getComputedStyle(found).color;
    };
    this.#colours = {
      live: of('live'),
      recovered: of('recovered'),
      missing: of('missing'),
      duplicate: of('duplicate'),
    };
  }

  #draw(): void {
    const canvas = this.canvas().nativeElement;
    const context = canvas.getContext('2d');
    if (context === null) return;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (canvas.width !== width * devicePixelRatio || canvas.height !== height * devicePixelRatio) {
      canvas.width = width * devicePixelRatio;
      canvas.height = height * devicePixelRatio;
    }
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, width, height);
    const nowMs = Date.now();
    const xOf = (atMs: number): number => width - ((nowMs - atMs) / windowMs) * width;
    const barWidth = Math.max(1.5, (width / windowMs) * 50 - 1.2);
    const feed = this.feed();

    context.globalAlpha = 0.14;
    context.fillStyle = this.#colours.missing;
    for (const { fromMs, toMs } of feed.outages(nowMs)) {
      const left = xOf(fromMs);
      context.fillRect(left, 0, xOf(toMs) - left, height);
    }
    context.globalAlpha = 1;
    const bar = (atMs: number, share: number, how: 'fill' | 'stroke'): void => {
      const x = xOf(atMs);
      if (x < -barWidth || x > width) return;
      const barHeight = height * share;
      context.beginPath();
      context.roundRect(x, (height - barHeight) / 2, barWidth, barHeight, Math.min(2, barWidth / 2));
      if (how === 'fill') context.fill();
      else context.stroke();
    };
    for (const { atMs, kind } of feed.tally.marks) {
      context.fillStyle = this.#colours[kind];
      bar(atMs, kind === 'live' ? 0.42 : 0.62, 'fill');
    }
    context.strokeStyle = this.#colours.missing;
    context.lineWidth = 1;
    for (const atMs of feed.tally.missingAtMs(nowMs)) bar(atMs, 0.42, 'stroke');
  }
}
