/** Compares by JSON: scenarios also run where no test library is. */
export function expectEqual(actual: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (one !== other) throw new Error(`Expected ${shorten(other)}, but it is ${shorten(one)}.`);
}

function shorten(text: string | undefined): string {
  return text === undefined ? 'undefined' : text.length <= 1_000 ? text : `${text.slice(0, 1_000)}…`;
}
