/** The absolute form of a base URL, without a slash at its end. @param baseUrl absolute, or relative to the page. */
export function absoluteBase(baseUrl: string | URL): string {
  const { document, location } = globalThis as { document?: { baseURI: string }; location?: { href: string } };
  return new URL(baseUrl, document?.baseURI ?? location?.href).href.replace(/\/$/, '');
}

/** A token or ticket in the URL (PROTOCOL 2.2, 2.5): it is for this one request. */
const credentialsInUrl = /[?&](?:access_token|ticket)=/;

/** The path, with its query, of a request that a shared connection can carry: a GET under the base URL. `undefined` for others. */
export function pathToCarry(
  base: string,
  input: string | URL | Request,
  { method = 'GET' }: RequestInit,
): string | undefined {
  if (input instanceof Request || method !== 'GET') return undefined;
  const { href, search } = new URL(input, base);
  return href.startsWith(`${base}/`) && !credentialsInUrl.test(search) ? href.slice(base.length) : undefined;
}
