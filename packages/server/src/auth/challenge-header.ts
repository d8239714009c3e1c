/** What a `WWW-Authenticate: Bearer` header may say (RFC 6750 3; Microsoft, "Claims challenges"). */
interface BearerChallenge {
  /** Empty, as in Microsoft's own challenges, if sign-in goes through a common endpoint. */
  readonly realm: string;
  readonly authorizationUri?: string | undefined;
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope' | 'insufficient_claims';
  readonly errorDescription?: string;
  readonly scope?: string | undefined;
  /** Sent as base64 of its JSON. */
  readonly claims?: object;
}

/** Writes the header's value. Whatever the parts contain, the result is one header with the given parameters. */
export function writeBearerChallenge(challenge: BearerChallenge): string {
  const { realm, authorizationUri, error, errorDescription, scope, claims } = challenge;
  const parameters = [`realm=${quote(realm)}`];
  if (authorizationUri !== undefined) parameters.push(`authorization_uri=${quote(authorizationUri)}`);
  if (error !== undefined) parameters.push(`error=${quote(error)}`);
  if (errorDescription !== undefined) parameters.push(`error_description=${quote(plain(errorDescription))}`);
  if (scope !== undefined) parameters.push(`scope=${quote(plain(scope))}`);
  if (claims !== undefined) parameters.push(`claims="${toBase64(JSON.stringify(claims))}"`);
  return `Bearer ${parameters.join(', ')}`;
}

/** RFC 6750 3 allows neither quotes nor backslashes in a description or a scope, escaped or not. */
function plain(text: string): string {
  return text.replaceAll('"', "'").replaceAll('\\', '/');
}

/** A quoted string (RFC 9110 5.6.4) in visible ASCII: a line break would begin another header. */
function quote(text: string): string {
  const visible = text.replace(/[^\x20-\x7e]/g, '?');
  return `"${visible.replace(/["\\]/g, '\\$&')}"`;
}

function toBase64(text: string): string {
  let binary = '';
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}
