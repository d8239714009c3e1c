/** The load of a processor between two readings, in percent. */
export function createCpuShare(read: () => { readonly busy: number; readonly all: number }): () => number {
  let last = read();
  return () => {
    const now = read();
    const all = now.all - last.all;
    const busy = now.busy - last.busy;
    last = now;
    // Two readings within one tick of the system's counter.
    return all <= 0 ? 0 : Math.min(100, Math.max(0, (100 * busy) / all));
  };
}
