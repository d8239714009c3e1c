import { computed, DestroyRef, inject, signal } from '@angular/core';
import { SseStreams } from '@sillage/angular';
import type { Gap, StreamState } from '@sillage/client';
import type { Observable, Subscription } from 'rxjs';
import type { MsalApiConfig } from '@app/api';
import { failedState, shownState, type ShownState } from './shown-state';

/** A payload as a list shows it: payloads have no identity of their own. */
export interface Received<T> {
  readonly key: number;
  readonly data: T;
}

/** Opens the stream with the callbacks that a {@link StreamView} listens through. */
type StreamSource<T> = (config: MsalApiConfig) => Observable<T>;

interface StreamViewOptions {
  readonly maxItems: number;
  /** Whether what came stays when the stream is opened anew. `'clear'` is for sources that begin with their history. Default `'keep'`. */
  readonly onReopen?: 'keep' | 'clear';
}

/** Gaps that are shown at once; the oldest go first. */
const maxGaps = 3;

/**
 * What a page shows of a stream: its state, what came, and what was lost. Create it in an injection context: it closes its stream with the
 * page.
 */
export class StreamView<T> {
  readonly #streams = inject(SseStreams);
  readonly #maxItems: number;
  readonly #onReopen: 'keep' | 'clear';
  readonly #latest = signal<StreamState>({ status: 'idle' });
  readonly #failure = signal<ShownState | null>(null);
  readonly #items = signal<readonly Received<T>[]>([]);
  readonly #received = signal(0);
  readonly #gaps = signal<readonly Gap[]>([]);
  #source: StreamSource<T> | null = null;
  #subscription: Subscription | null = null;

  readonly state = computed(() => this.#failure() ?? shownState(this.#latest()));
  /** The newest first; the oldest give way past the bound. */
  readonly items = this.#items.asReadonly();
  /** How many came since the stream was opened, those that gave way included. */
  readonly received = this.#received.asReadonly();
  readonly gaps = this.#gaps.asReadonly();

  constructor({ maxItems, onReopen = 'keep' }: StreamViewOptions) {
    this.#maxItems = maxItems;
    this.#onReopen = onReopen;
    inject(DestroyRef).onDestroy(() => this.close());
  }

  /** Follows `source`, in place of what was followed before. */
  open(source: StreamSource<T>): void {
    this.#clear();
    this.switchTo(source);
  }

  /** Follows `source`, and keeps what came before. */
  switchTo(source: StreamSource<T>): void {
    this.close();
    this.#source = source;
    this.#follow(source);
  }

  /** Opens the same stream anew, after it ended. */
  reopen(): void {
    if (this.#source === null) return;
    this.close();
    if (this.#onReopen === 'clear') this.#clear();
    this.#follow(this.#source);
  }

  /** Cuts the wait short. */
  reconnect(): void {
    for (const { state, reconnect } of this.#streams.all()) {
      // The stream's status and this view were told the very same object.
      if (state() === this.#latest()) reconnect();
    }
  }

  dismiss(gap: Gap): void {
    this.#gaps.update((gaps) => gaps.filter((other) => other !== gap));
  }

  close(): void {
    this.#subscription?.unsubscribe();
    this.#subscription = null;
  }

  #clear(): void {
    this.#items.set([]);
    this.#received.set(0);
    this.#gaps.set([]);
  }

  #follow(source: StreamSource<T>): void {
    this.#failure.set(null);
    this.#latest.set({ status: 'idle' });
    this.#subscription = source({
      onState: (state) => this.#latest.set(state),
      onGap: (gap) => this.#gaps.update((gaps) => [...gaps, gap].slice(-maxGaps)),
    }).subscribe({
      next: (data) => {
        const key = this.#received();
        this.#received.set(key + 1);
        this.#items.update((items) => [{ key, data }, ...items].slice(0, this.#maxItems));
      },
      // A sign-out ends the stream by an error alone; and what a source does before its stream has no state.
      error: (error: unknown) => this.#failure.set(failedState(error)),
    });
  }
}
