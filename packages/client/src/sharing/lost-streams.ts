import type { EventStream } from '../stream/index.ts';

/** Paths that are remembered because their connection broke. */
const maxRememberedPaths = 1_000;

/** The streams whose shared connection broke: each waits by itself, and all reconnect with the first one that is open again. */
export class LostStreams {
  readonly #base: string;
  readonly #streams = new Set<WeakRef<EventStream>>();
  readonly #paths = new Set<string>();

  constructor(base: string) {
    this.#base = base;
  }

  track(stream: EventStream): void {
    for (const reference of this.#streams) {
      const known = reference.deref();
      if (known === undefined || known.state.status === 'closed') this.#streams.delete(reference);
    }
    this.#streams.add(new WeakRef(stream));
  }

  lost(path: string): void {
    if (this.#paths.size < maxRememberedPaths) this.#paths.add(path);
  }

  /** A stream was opened again. */
  opened(): void {
    if (this.#paths.size === 0) return;
    const paths = new Set(this.#paths);
    this.#paths.clear();
    for (const reference of this.#streams) {
      const stream = reference.deref();
      if (stream === undefined) continue;
      const isWaiting = stream.state.status === 'waiting' || stream.state.status === 'offline';
      if (isWaiting && paths.has(stream.url.slice(this.#base.length))) stream.reconnect();
    }
  }
}
