/** Cancels a body that nobody wants. Whatever that causes: it is over. A custom `fetch` may return a body that does not follow the standard. */
export function cancelQuietly(body: { cancel?(): unknown } | null): void {
  try {
    Promise.resolve(body?.cancel?.()).catch(() => undefined);
  } catch {
    // See above.
  }
}
