/** One demand of a `WWW-Authenticate` header (RFC 9110, 11.6.1). */
export interface Challenge {
  /** The scheme in lower case, such as `'bearer'`. */
  readonly scheme: string;
  /** The parameters, their names in lower case and their values unquoted. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** What a server demands of the next token. */
export interface TokenDemand {
  /** The `error` of the Bearer challenge, such as `'invalid_token'`; `null` where it named none. */
  readonly error: string | null;
  /**
   * The decoded claims of a claims challenge, a JSON text to pass to the identity provider as it is; `null` where there are none.
   *
   * @see https://learn.microsoft.com/entra/identity-platform/claims-challenge
   */
  readonly claims: string | null;
}

const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const token68 = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y;
const quotedString = /"((?:[^"\\]|\\.)*)"/y;
const separator = /[\s,]*/y;
const space = /[ \t]*/y;

/**
 * Reads a `WWW-Authenticate` header, which may hold several challenges.
 *
 * A scanner and not a `split`: commas stand both between challenges and between parameters, and base64 claims end in `=`.
 * What cannot be read ends the reading; what was read before it is kept.
 */
export function parseChallenges(header: string | null): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  if (header === null) return challenges;
  let at = 0;

  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };

  for (;;) {
    take(separator);
    const name = take(token)?.[0].toLowerCase();
    if (name === undefined) return challenges;
    take(space);
    if (header[at] !== '=') {
      challenges.push({ scheme: name, parameters: {} });
      // A scheme's token68 (as in "Negotiate abc==") is no parameter, and no challenge that we answer uses one.
      take(token68);
      continue;
    }
    at += 1;
    take(space);
    const value = take(quotedString)?.[1]?.replace(/\\(.)/g, '$1') ?? take(token)?.[0];
    const current = challenges.at(-1);
    if (value === undefined || current === undefined) return challenges;
    current.parameters[name] = value;
  }
}

/** What the Bearer challenge among `challenges` demands; `null` where there is none. */
export function tokenDemand(challenges: readonly Challenge[]): TokenDemand | null {
  const bearer = challenges.find((challenge) => challenge.scheme === 'bearer');
  if (bearer === undefined) return null;
  const { error = null, claims } = bearer.parameters;
  return { error, claims: claims === undefined ? null : decodeClaims(claims) };
}

/** Entra's claims are base64 of a JSON object; anything else is no claims challenge. */
function decodeClaims(encoded: string): string | null {
  try {
    const bytes = Uint8Array.from(atob(encoded.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
      char.charCodeAt(0),
    );
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const claims: unknown = JSON.parse(text);
    return typeof claims === 'object' && claims !== null ? text : null;
  } catch {
    // Not base64, not UTF-8 or not JSON: the demand is then for a new token, and for nothing in it.
    return null;
  }
}
