import { EntraError } from '../entra-error.ts';

/** What a `claims` parameter asks for, as far as this emulator grants it. */
export interface ClaimsRequest {
  /** Authentication contexts of which the access token must have one. Empty: none is demanded. */
  readonly acrs: readonly string[];
  /** The client capabilities, in lower case as Entra writes them into `xms_cc`. */
  readonly capabilities: readonly string[];
}

const noClaims: ClaimsRequest = { acrs: [], capabilities: [] };
/** Entra's authentication contexts are c1 to c99. */
const acrsPattern = /^c[1-9]\d?$/;

/** Whether the text is the name of an authentication context. */
export function isAcrs(text: string): boolean {
  return acrsPattern.test(text);
}

/**
 * Reads OpenID Connect's `claims` parameter (OpenID Connect Core 1.0, 5.5). Only `access_token.acrs` that is `essential`
 * and `access_token.xms_cc` have an effect; `nbf` is granted by every new token.
 *
 * @throws EntraError AADSTS9000410 if it is not a JSON object, 50146 if an authentication context is not one of c1 to c99.
 */
export function parseClaimsRequest(claims: string | undefined): ClaimsRequest {
  if (claims === undefined || claims === '') return noClaims;
  let root: unknown;
  try {
    root = JSON.parse(claims);
  } catch {
    // The position in the text would not help the reader of the error.
    throw new EntraError(9000410, 'invalid_request', 'Malformed JSON in the claims parameter.');
  }
  if (!isRecord(root)) throw new EntraError(9000410, 'invalid_request', 'The claims parameter must be a JSON object.');
  const accessToken = root.access_token;
  if (!isRecord(accessToken)) return noClaims;

  const acrs = isRecord(accessToken.acrs) && accessToken.acrs.essential === true;
  const asked = acrs ? values(accessToken.acrs) : [];
  const wrong = asked.find((value) => !isAcrs(value));
  if (wrong !== undefined) {
    throw new EntraError(
      50146,
      'invalid_request',
      'An authentication context in the claims parameter is not c1 to c99.',
    );
  }
  const capabilities = values(accessToken.xms_cc).map((value) => value.toLowerCase());
  // cp1 is the only capability that there is: anything else would be the client's text in our token.
  return { acrs: asked, capabilities: capabilities.filter((value) => value === 'cp1') };
}

/** The claims parameter that demands one of these authentication contexts. */
export function acrsClaims(acrs: readonly string[]): string {
  const [value] = acrs;
  const demand = acrs.length === 1 ? { essential: true, value } : { essential: true, values: acrs };
  return JSON.stringify({ access_token: { acrs: demand } });
}

function values(request: unknown): string[] {
  if (!isRecord(request)) return [];
  const { value, values: many } = request;
  const all: unknown[] = Array.isArray(many) ? many : [value];
  return all.filter((one) => typeof one === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
