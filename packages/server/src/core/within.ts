import type { Clock } from './clock.ts';

/** What a promise resolves with; `undefined` if that takes too long. */
export async function within<T>(ms: number, promise: Promise<T> | undefined, clock: Clock): Promise<T | undefined> {
  let cancel = (): void => undefined;
  const late = new Promise<undefined>((resolve) => (cancel = clock.setTimer(() => resolve(undefined), ms)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    cancel();
  }
}
