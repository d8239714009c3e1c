import type { TaskProgress } from 'demo-contract';

export interface ProgressMeter {
  add(nowMs: number, progress: { readonly bytes: number; readonly rows: number }): void;
  /** What can be said of the work now. */
  read(): Pick<TaskProgress, 'percentage' | 'rows' | 'rowsPerSecond' | 'secondsLeft'>;
}

/** Rates are of this time: of the whole import, they would tell of a past that nobody waits for. */
const windowMs = 3_000;
/** Less than this says nothing about a rate. */
const leastMs = 200;

/**
 * @param start where the work begins: an import that goes on does not begin at nothing.
 * @param sizeBytes the file's; `null` where nobody knows, and then nobody can tell how much is left.
 */
export function createProgressMeter(
  start: { readonly atMs: number; readonly bytes: number; readonly rows: number },
  sizeBytes: number | null,
): ProgressMeter {
  let samples = [start];

  return {
    add(nowMs, { bytes, rows }) {
      samples.push({ atMs: nowMs, bytes, rows });
      const from = samples.findIndex(({ atMs }) => atMs >= nowMs - windowMs);
      // One before the window stays, so that the window is covered whole. At most some tens a second come in.
      if (from > 1) samples = samples.slice(from - 1);
    },
    read() {
      const [first] = samples;
      const last = samples.at(-1);
      if (first === undefined || last === undefined) throw new RangeError('A meter has a sample from its start on.');
      const seconds = (last.atMs - first.atMs) / 1_000;
      const isTelling = last.atMs - first.atMs >= leastMs;
      const bytesPerSecond = isTelling ? (last.bytes - first.bytes) / seconds : 0;
      const isKnown = sizeBytes !== null && sizeBytes > 0;
      return {
        rows: last.rows,
        rowsPerSecond: isTelling ? Math.round((last.rows - first.rows) / seconds) : 0,
        // Not 100 before it is done.
        percentage: isKnown ? Math.min(99, Math.floor((100 * last.bytes) / sizeBytes)) : 0,
        secondsLeft:
          isKnown && bytesPerSecond > 0 ? Math.ceil(Math.max(0, sizeBytes - last.bytes) / bytesPerSecond) : null,
      };
    },
  };
}
