/** A hidden page has no frames; its values are updated this often instead. */
const hiddenMs = 250;

/** Calls back once, at the next frame that the browser draws, and in a hidden page after a while. Returns a function that cancels it. */
export function scheduleFrame(callback: () => void): () => void {
  const run = (): void => {
    cancel();
    callback();
  };
  const timer = setTimeout(run, hiddenMs);
  const frame = typeof requestAnimationFrame === 'function' ? requestAnimationFrame(run) : undefined;
  const cancel = (): void => {
    clearTimeout(timer);
    if (frame !== undefined) cancelAnimationFrame(frame);
  };
  return cancel;
}
