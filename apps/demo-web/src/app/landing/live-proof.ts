import { Component, computed, DestroyRef, inject, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { ShowcaseApi } from '@app/api';
import { PulseFeed, PulseFigures, PulseRibbon } from '@app/pulse';
import { StreamStateLine } from '@app/stream';

/** How often the page has its connection cut by itself, until the reader does it. */
const cutEveryMs = 9_000;
/** Without refusals the stream resumes so fast that nobody sees the break. */
const refusals = 2;

/** A live stream without sign-in, which is cut again and again. */
@Component({
  selector: 'app-live-proof',
  imports: [MatButton, PulseFigures, PulseRibbon, StreamStateLine],
  templateUrl: './live-proof.html',
  styleUrl: './live-proof.scss',
})
export class LiveProof {
  readonly #api = inject(ShowcaseApi);
  readonly #viewer = crypto.randomUUID();
  protected readonly feed = new PulseFeed({
    open: (config) => this.#api.stream(this.#viewer, config),
    report: () => this.#api.report(),
  });
  /** Without the reason: it is always the refusal that this page asks for, and its words would move the page. */
  protected readonly state = computed(() => {
    const state = this.feed.view.state();
    return state.status === 'waiting' ? { ...state, reason: null } : state;
  });
  protected readonly cuts = signal(0);
  protected readonly cutBy = signal<'page' | 'reader'>('page');

  constructor() {
    const timer = setInterval(() => {
      if (this.cutBy() === 'page' && !document.hidden && this.feed.view.state().status === 'open') this.#cut();
    }, cutEveryMs);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
  }

  protected cut(): void {
    this.cutBy.set('reader');
    this.#cut();
  }

  #cut(): void {
    this.#api.cause({ viewers: [this.#viewer], fault: { kind: 'refuse', count: refusals } }).subscribe({
      next: () => this.cuts.update((count) => count + 1),
      // Too often, or the API is away: the state line says so.
      error: () => undefined,
    });
  }
}
