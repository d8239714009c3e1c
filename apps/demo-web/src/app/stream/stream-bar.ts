import { Component, input } from '@angular/core';
import { GapNotice } from './gap-notice';
import { StreamStateLine } from './stream-state-line';
import type { StreamView } from './stream-view';

/** What of a {@link StreamView} does not depend on what it carries. */
type ShownStream = Pick<StreamView<unknown>, 'state' | 'gaps' | 'reconnect' | 'reopen' | 'dismiss'>;

/** The head of a page's stream: its state, and the gaps told. */
@Component({
  selector: 'app-stream-bar',
  imports: [GapNotice, StreamStateLine],
  template: `
    <app-stream-state [state]="view().state()" (reconnect)="view().reconnect()" (reopen)="view().reopen()" />
    @for (gap of view().gaps(); track gap) {
      <app-gap-notice [reason]="gap.reason" (dismissed)="view().dismiss(gap)" />
    }
  `,
  styles: `
    :host {
      display: grid;
      gap: 0.5rem;
      justify-items: start;
    }
    app-gap-notice {
      justify-self: stretch;
    }
  `,
})
export class StreamBar {
  readonly view = input.required<ShownStream>();
}
