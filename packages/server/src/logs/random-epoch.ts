/** A name for a new history (PROTOCOL 1.3): 12 characters of `[0-9a-z]`. */
export function randomEpoch(): string {
  const digits = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(digits, (digit) => (digit % 36).toString(36)).join('');
}
