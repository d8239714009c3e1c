/** What a token says about its user and about what it permits: Entra's claims (Microsoft, "Access token claims reference"). */
const identifying = ['iss', 'tid', 'sub', 'oid', 'aud', 'azp', 'appid', 'scp', 'roles', 'acrs'] as const;

/**
 * Returns a text that is the same for two tokens of the same user, application and permissions, such as a token and the one that replaces it. Nothing
 * is verified: the server decides what a token permits. A token that is not a JWT is only the same as itself.
 *
 * @param authorization the value of the header `Authorization`.
 */
export function tokenIdentity(authorization: string): string {
  try {
    const payload = authorization.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? '';
    const claims = JSON.parse(atob(payload)) as Record<string, unknown>;
    const known = identifying.map((name) => claims[name]);
    return known.every((value) => value === undefined) ? authorization : JSON.stringify(known);
  } catch {
    // Not a JWT.
    return authorization;
  }
}
