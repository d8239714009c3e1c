import { Injectable, signal, type Signal } from '@angular/core';
import type { Gap, StreamState } from '@sillage/client';

/** One subscription to a stream, as the page may show it. */
export interface SseStreamStatus {
  readonly url: string;
  readonly state: Signal<StreamState>;
  /** The gaps told since the stream was opened; the latest ten. */
  readonly gaps: Signal<readonly Gap[]>;
  /** Cuts a wait short. */
  readonly reconnect: () => void;
}

/** The streams that are open now, for a status line, an inspector, or a test. */
@Injectable({ providedIn: 'root' })
export class SseStreams {
  readonly #all = signal<readonly SseStreamStatus[]>([]);

  /** In the order in which they were opened. A stream that has ended is no longer among them. */
  readonly all = this.#all.asReadonly();

  /** Adds a stream; returns the way to take it out. */
  add(status: SseStreamStatus): () => void {
    this.#all.update((all) => [...all, status]);
    return () => this.#all.update((all) => all.filter((other) => other !== status));
  }
}
