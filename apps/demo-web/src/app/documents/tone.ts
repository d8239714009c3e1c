const tones = 4;

/** The colour of one of the others' pages, the same for everybody who sees it. */
export function toneOf(clientId: string): number {
  let sum = 0;
  for (const character of clientId) sum = (sum * 31 + character.charCodeAt(0)) % 9_973;
  return sum % tones;
}
