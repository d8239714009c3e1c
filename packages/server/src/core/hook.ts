/**
 * Calls a hook of the application. What it throws, or what its promise rejects with, is reported and changes nothing else: a fault in
 * a hook must not end a session or the process.
 */
export function callHook<Arguments extends readonly unknown[]>(
  hook: ((...values: Arguments) => unknown) | undefined,
  report: (error: unknown) => void,
  ...values: Arguments
): void {
  try {
    const result = hook?.(...values);
    if (isThenable(result)) result.then(undefined, report);
  } catch (error) {
    report(error);
  }
}

/**
 * Makes a reporter of errors that never throws itself.
 *
 * @param fallback Gets what `onError` throws.
 */
export function createReporter(
  onError: (error: unknown) => unknown,
  fallback: (error: unknown) => void = (error) => console.error(error),
): (error: unknown) => void {
  return (error) => callHook(onError, fallback, error);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
