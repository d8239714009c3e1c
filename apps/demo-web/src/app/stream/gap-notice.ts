import { Component, computed, input, output } from '@angular/core';
import { MatButton } from '@angular/material/button';
import type { GapReason } from '@sillage/client';

/** Says that events were lost, and why. A gap is never hidden. */
@Component({
  selector: 'app-gap-notice',
  imports: [MatButton],
  template: `
    <p>{{ sentence() }}</p>
    <button mat-button type="button" (click)="dismissed.emit()" i18n="@@gap.dismiss">Dismiss</button>
  `,
  styles: `
    :host {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      justify-content: space-between;
      gap: 0.25rem 1rem;
      padding: 0.4rem 0.5rem 0.4rem 1rem;
      border-radius: 0.75rem;
      border-inline-start: 4px solid var(--sea-warn);
      background: color-mix(in srgb, var(--sea-warn) 10%, transparent);
    }
    p {
      margin: 0;
    }
  `,
  host: { role: 'alert', '[attr.data-gap]': 'reason()' },
})
export class GapNotice {
  readonly reason = input.required<GapReason>();
  readonly dismissed = output();

  protected readonly sentence = computed(() => sentences[this.reason()]);
}

const sentences: Readonly<Record<GapReason, string>> = {
  epoch: $localize`:@@gap.epoch:Some events were lost: the server's history began anew (epoch).`,
  trimmed: $localize`:@@gap.trimmed:Some events were lost: the server no longer holds them (trimmed).`,
  unknown: $localize`:@@gap.unknown:Some events may have been lost: the server does not know the place to resume from (unknown).`,
};
