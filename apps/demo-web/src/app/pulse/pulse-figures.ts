import { Component, computed, inject, input, LOCALE_ID } from '@angular/core';
import type { PulseFigures as Figures } from './pulse-tally';

interface Shown {
  readonly key: keyof Figures;
  readonly label: string;
  readonly value: string;
  readonly raw: number;
  readonly tone: 'plain' | 'good' | 'bad';
}

/** The proof in big figures. */
@Component({
  selector: 'app-pulse-figures',
  template: `
    <dl>
      @for (figure of shown(); track figure.key) {
        <div [attr.data-tone]="figure.tone">
          <dt>{{ figure.label }}</dt>
          <dd [attr.data-figure]="figure.key" [attr.data-value]="figure.raw">{{ figure.value }}</dd>
        </div>
      }
    </dl>
  `,
  styles: `
    dl {
      display: grid;
      grid-template-columns: repeat(var(--figure-columns, 6), minmax(0, 1fr));
      gap: 0.9rem 1.25rem;
      margin: 0;
    }
    dt {
      color: var(--sea-muted);
      font-size: 0.8125rem;
    }
    dd {
      margin: 0;
      font-size: var(--figure-size, 1.75rem);
      font-variant-numeric: tabular-nums;
      font-weight: 640;
      line-height: 1.15;
      letter-spacing: -0.02em;
    }
    [data-tone='good'] dd {
      color: var(--sea-live);
    }
    [data-tone='bad'] dd {
      color: var(--sea-alert);
    }
  `,
})
export class PulseFigures {
  readonly figures = input.required<Figures>();
  /** What the events are called that were sent and are not here. */
  readonly missingLabel = input($localize`:@@pulse.missing:On the way`);
  /** `bad` where they will never come. */
  readonly missingTone = input<'plain' | 'bad'>('plain');
  readonly #locale = inject(LOCALE_ID);
  readonly #count = new Intl.NumberFormat(this.#locale);
  readonly #seconds = new Intl.NumberFormat(this.#locale, {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });

  protected readonly shown = computed((): readonly Shown[] => {
    const { sent, received, lost, duplicated, missing, longestPauseMs } = this.figures();
    const count = (key: keyof Figures, label: string, raw: number, tone: Shown['tone'] = 'plain'): Shown => ({
      ...{ key, label, raw, tone },
      value: this.#count.format(raw),
    });
    const proof = (value: number): Shown['tone'] => (value > 0 ? 'bad' : 'good');
    return [
      count('sent', $localize`:@@pulse.sent:Sent`, sent),
      count('received', $localize`:@@pulse.received:Received`, received),
      count('missing', this.missingLabel(), missing, this.missingTone()),
      count('lost', $localize`:@@pulse.lost:Lost`, lost, proof(lost)),
      count('duplicated', $localize`:@@pulse.duplicated:Duplicated`, duplicated, proof(duplicated)),
      {
        key: 'longestPauseMs',
        label: $localize`:@@pulse.longest-pause:Longest pause`,
        value: $localize`:@@pulse.seconds:${this.#seconds.format(longestPauseMs / 1_000)}:seconds: s`,
        raw: longestPauseMs,
        tone: 'plain',
      },
    ];
  });
}
