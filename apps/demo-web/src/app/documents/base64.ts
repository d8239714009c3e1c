/** Base64 of bytes. `Uint8Array.prototype.toBase64` is not in every browser yet. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  // Byte by byte: all as arguments at once would overflow the stack.
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
