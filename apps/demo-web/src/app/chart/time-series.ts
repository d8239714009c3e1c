import { signal } from '@angular/core';

/** Values of several metrics over time, the oldest of which give way: what a chart of a stream needs, however long it stays open. */
export class TimeSeries {
  readonly #maxPoints: number;
  /** Seconds since the epoch, ascending. */
  readonly #times: number[] = [];
  readonly #columns = new Map<string, (number | null)[]>();
  readonly #names = signal<readonly string[]>([]);
  readonly #version = signal(0);

  /** In the order in which they were first heard of. */
  readonly names = this.#names.asReadonly();
  /** Grows with every value. */
  readonly version = this.#version.asReadonly();

  /** @param options.maxPoints how many times are kept. */
  constructor({ maxPoints }: { readonly maxPoints: number }) {
    this.#maxPoints = maxPoints;
  }

  /**
   * Adds what `name` was at `at`. Values of the same time are one row; what is older than the last row, such as a replay of what is
   * shown already, is left out.
   *
   * @param at ISO 8601.
   */
  add(name: string, at: string, value: number): void {
    const time = Date.parse(at) / 1_000;
    const last = this.#times.at(-1) ?? Number.NEGATIVE_INFINITY;
    if (!(time >= last) || !Number.isFinite(value)) return;
    if (time > last) this.#addRow(time);
    const column = this.#columns.get(name) ?? this.#addColumn(name);
    column[column.length - 1] = value;
    this.#version.update((version) => version + 1);
  }

  clear(): void {
    this.#times.length = 0;
    this.#columns.clear();
    this.#names.set([]);
    this.#version.update((version) => version + 1);
  }

  /** The last value of a metric; `null` where there is none. */
  latest(name: string): number | null {
    return this.#columns.get(name)?.findLast((value) => value !== null) ?? null;
  }

  /** The times, then a column for each name. The arrays are the series' own: read them at once. */
  columns(): [number[], ...(number | null)[][]] {
    return [this.#times, ...this.#columns.values()];
  }

  /** The last rows, the newest first. */
  rows(count: number): readonly { readonly time: number; readonly values: readonly (number | null)[] }[] {
    const columns = [...this.#columns.values()];
    const from = Math.max(0, this.#times.length - count);
    return this.#times
      .slice(from)
      .map((time, index) => ({ time, values: columns.map((column) => column[from + index] ?? null) }))
      .reverse();
  }

  #addRow(time: number): void {
    this.#times.push(time);
    for (const column of this.#columns.values()) column.push(null);
    if (this.#times.length <= this.#maxPoints) return;
    this.#times.shift();
    for (const column of this.#columns.values()) column.shift();
  }

  #addColumn(name: string): (number | null)[] {
    const column = this.#times.map((): number | null => null);
    this.#columns.set(name, column);
    this.#names.set([...this.#columns.keys()]);
    return column;
  }
}
