const guidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether the text is a guidPattern in its usual form of 36 characters. */
export function isGuid(text: string): boolean {
  return guidPattern.test(text);
}

/** A guidPattern out of 16 random bytes (RFC 9562, 5.4: version 4). */
export function guidFrom(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
