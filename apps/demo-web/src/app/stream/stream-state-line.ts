import { Component, computed, effect, input, linkedSignal, output, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import type { ShownState } from './shown-state';

/** The state of a stream in words, with the way on where there is one. */
@Component({
  selector: 'app-stream-state',
  imports: [MatButton],
  templateUrl: './stream-state-line.html',
  styleUrl: './stream-state-line.scss',
  host: { '[attr.data-state]': 'state().status', '[attr.data-end]': 'end()' },
})
export class StreamStateLine {
  readonly state = input.required<ShownState>();
  /** The person does not want to wait. */
  readonly reconnect = output();
  /** The person wants an ended stream back. */
  readonly reopen = output();

  readonly #now = signal(Date.now());

  /** From the first wait until the stream is open: attempts in between are not told, or the way on would come and go under a finger. */
  protected readonly retrying = linkedSignal<ShownState, boolean>({
    source: this.state,
    computation: ({ status }, previous) =>
      status === 'waiting' || (status === 'connecting' && previous?.value === true),
  });
  protected readonly word = computed(() =>
    this.retrying() ? $localize`:@@stream.waiting:Reconnecting` : wordOf(this.state()),
  );
  protected readonly countdown = computed(() => {
    const state = this.state();
    if (state.status !== 'waiting') return null;
    const seconds = Math.max(0, Math.ceil((state.retryAt - this.#now()) / 1_000));
    return $localize`:@@stream.countdown:in ${seconds}:seconds: s`;
  });
  protected readonly reason = computed(() => {
    const state = this.state();
    return 'reason' in state ? state.reason : null;
  });
  protected readonly end = computed(() => {
    const state = this.state();
    return state.status === 'closed' ? state.end : null;
  });

  constructor() {
    effect((onCleanup) => {
      if (this.state().status !== 'waiting') return;
      this.#now.set(Date.now());
      const timer = setInterval(() => this.#now.set(Date.now()), 1_000);
      onCleanup(() => clearInterval(timer));
    });
  }
}

/** What is announced. The countdown stands beside it: a live region that changes each second is noise. */
function wordOf(state: ShownState): string {
  switch (state.status) {
    case 'connecting':
      return $localize`:@@stream.connecting:Connecting…`;
    case 'open':
      return $localize`:@@stream.open:Live`;
    case 'waiting':
      return $localize`:@@stream.waiting:Reconnecting`;
    case 'offline':
      return $localize`:@@stream.offline:Offline`;
    case 'interaction-required':
      return $localize`:@@stream.interaction-required:Sign-in needed`;
    case 'closed':
      return endWord(state.end);
  }
}

function endWord(end: 'completed' | 'signed-out' | 'failed'): string {
  switch (end) {
    case 'completed':
      return $localize`:@@stream.completed:Ended`;
    case 'signed-out':
      return $localize`:@@stream.signed-out:Signed out`;
    case 'failed':
      return $localize`:@@stream.failed:Failed`;
  }
}
