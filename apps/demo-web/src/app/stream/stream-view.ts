import { computed, DestroyRef, inject, signal } from '@angular/core';
import type { Gap, StreamState } from '@sillage/angular';
import { Subject, type Observable, type Subscription } from 'rxjs';
import type { MsalApiConfig } from '@app/api';
import { failedState, shownState, type ShownState } from './shown-state';

/** A payload as a list shows it: payloads have no identity of their own. */
export interface Received<T> {
  readonly key: number;
  readonly data: T;
}

/** Opens the stream with the callbacks that a {@link StreamView} listens through. */
type StreamSource<T> = (config: MsalApiConfig) => Observable<T>;

interface StreamViewOptions<T> {
  readonly maxItems: number;
  /** Called with what came, after it was put on the list. */
  readonly onData?: (data: T) => void;
}

/** Gaps that are shown at once; the oldest go first. */
const maxGaps = 3;

/**
 * What a page shows of a stream: its state, what came, and what was lost. Create it in an injection context: it closes its stream with the
 * page.
 */
export class StreamView<T> {
  readonly #maxItems: number;
  readonly #onData: (data: T) => void;
  readonly #reconnectOn = new Subject<void>();
  readonly #latest = signal<StreamState>({ status: 'idle' });
  readonly #failure = signal<ShownState | null>(null);
  readonly #items = signal<readonly Received<T>[]>([]);
  readonly #received = signal(0);
  readonly #gaps = signal<readonly Gap[]>([]);
  #source: StreamSource<T> | null = null;
  #subscription: Subscription | null = null;
  #lastEventId: string | null = null;

  readonly state = computed(() => this.#failure() ?? shownState(this.#latest()));
  /** The newest first; the oldest give way past the bound. */
  readonly items = this.#items.asReadonly();
  /** What came last; `null` before anything did. */
  readonly latest = computed(() => this.#items()[0]?.data ?? null);
  /** How many came since the stream was opened, those that gave way included. */
  readonly received = this.#received.asReadonly();
  readonly gaps = this.#gaps.asReadonly();

  constructor({ maxItems, onData = () => undefined }: StreamViewOptions<T>) {
    this.#maxItems = maxItems;
    this.#onData = onData;
    inject(DestroyRef).onDestroy(() => this.close());
  }

  /** Follows `source` from its beginning, in place of what was followed before. */
  open(source: StreamSource<T>): void {
    this.#items.set([]);
    this.#received.set(0);
    this.#gaps.set([]);
    this.#lastEventId = null;
    this.switchTo(source);
  }

  /** Follows `source`, another view of the same events: what came is kept, and it goes on from there. */
  switchTo(source: StreamSource<T>): void {
    this.close();
    this.#source = source;
    this.#follow(source);
  }

  /** Opens the same stream again, after it ended, from where it was. */
  reopen(): void {
    if (this.#source !== null) this.switchTo(this.#source);
  }

  /** Cuts the wait short. */
  reconnect(): void {
    this.#reconnectOn.next();
  }

  dismiss(gap: Gap): void {
    this.#gaps.update((gaps) => gaps.filter((other) => other !== gap));
  }

  close(): void {
    this.#subscription?.unsubscribe();
    this.#subscription = null;
  }

  #follow(source: StreamSource<T>): void {
    this.#failure.set(null);
    this.#latest.set({ status: 'idle' });
    this.#subscription = source({
      ...(this.#lastEventId === null ? {} : { lastEventId: this.#lastEventId }),
      reconnectOn: this.#reconnectOn,
      onEventId: (id) => (this.#lastEventId = id),
      onState: (state) => this.#latest.set(state),
      onGap: (gap) => this.#gaps.update((gaps) => [...gaps, gap].slice(-maxGaps)),
    }).subscribe({
      next: (data) => {
        const key = this.#received();
        this.#received.set(key + 1);
        this.#items.update((items) => [{ key, data }, ...items].slice(0, this.#maxItems));
        this.#onData(data);
      },
      // What a source does before its stream has no state.
      error: (error: unknown) => this.#failure.set(failedState(error)),
    });
  }
}
