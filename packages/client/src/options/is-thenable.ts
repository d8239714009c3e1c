/** Returns true for every promise: also for one of another realm, of zone.js, or of a library. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const type = typeof value;
  // A promise may be a function as well.
  return (
    ((type === 'object' && value !== null) || type === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
