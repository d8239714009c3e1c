/** One challenge of a `WWW-Authenticate` header (RFC 9110, 11.6.1). */
export interface Challenge {
  /** The scheme in lower case, such as `'bearer'`. */
  readonly scheme: string;
  /** The parameters: names in lower case, values unquoted. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** What a server demands of the next token. */
export interface TokenDemand {
  /** The `error` of the Bearer challenge, such as `'invalid_token'`; `undefined` if it has none. */
  readonly error: string | undefined;
  /**
   * The decoded claims of a claims challenge: a JSON text to pass to the identity provider unchanged; `undefined` if there are none.
   *
   * @see https://learn.microsoft.com/entra/identity-platform/claims-challenge
   */
  readonly claims: string | undefined;
}

const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const token68 = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y;
const quotedString = /"((?:[^"\\]|\\.)*)"/y;
const separator = /[\s,]*/y;
const space = /[ \t]*/y;

/**
 * Parses a `WWW-Authenticate` header, which may hold several challenges.
 *
 * It scans and does not split: commas separate both challenges and parameters, and base64 claims end in `=`.
 * Parsing stops at the first character that is not valid; the challenges before it are returned.
 *
 * @example
 * ```ts
 * parseChallenges('Bearer error="invalid_token"'); // [{ scheme: 'bearer', parameters: { error: 'invalid_token' } }]
 * ```
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
      // A scheme's token68 (as in "Negotiate abc==") is not a parameter, and no challenge that we answer has one.
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

/**
 * Returns what the Bearer challenge among `challenges` demands; `undefined` if there is none.
 *
 * @example
 * ```ts
 * tokenDemand(parseChallenges(response.headers.get('WWW-Authenticate')))?.claims;
 * ```
 */
export function tokenDemand(challenges: readonly Challenge[]): TokenDemand | undefined {
  const bearer = challenges.find((challenge) => challenge.scheme === 'bearer');
  if (bearer === undefined) return undefined;
  const { error, claims } = bearer.parameters;
  return { error, claims: claims === undefined ? undefined : decodeClaims(claims) };
}

/** Entra's claims are base64 of a JSON object; anything else is not a claims challenge. */
function decodeClaims(encoded: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(encoded.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
      char.charCodeAt(0),
    );
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const claims: unknown = JSON.parse(text);
    return typeof claims === 'object' && claims !== null ? text : undefined;
  } catch {
    // Not base64, not UTF-8 or not JSON: the demand is then for a new token without claims.
    return undefined;
  }
}
