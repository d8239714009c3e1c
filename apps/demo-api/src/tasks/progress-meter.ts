import type { TaskProgress } from 'demo-contract';

export interface ProgressMeter {
  add(nowMs: number, progress: { readonly bytes: number; readonly rows: number }): void;
  /** The current progress. */
  read(): Pick<TaskProgress, 'percentage' | 'rows' | 'rowsPerSecond' | 'secondsLeft'>;
}

/** Rates are measured over this time, and not over the whole import, so that they show the current speed. */
const windowMs = 3_000;
/** Below this, a rate is not meaningful. */
const leastMs = 200;

/**
 * @param start the start position: a resumed import does not start at zero.
 * @param sizeBytes the size of the file; `null` if it is unknown, and then the remaining time is unknown too.
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
      // One sample before the window is kept, so that the whole window is covered. There are some tens of samples per second at most.
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
        // 100 is reported at the end only.
        percentage: isKnown ? Math.min(99, Math.floor((100 * last.bytes) / sizeBytes)) : 0,
        secondsLeft:
          isKnown && bytesPerSecond > 0 ? Math.ceil(Math.max(0, sizeBytes - last.bytes) / bytesPerSecond) : null,
      };
    },
  };
}
