import type { StreamSettings } from '../options/index.ts';
import { cancelQuietly } from './cancel-quietly.ts';
import { isRedirect } from './check-response.ts';

/** Fetch, "HTTP-redirect fetch" allows 20; a stream has no use for more than a few. */
const maxRedirects = 5;

/**
 * Sends the request of a stream. Redirects are followed only if `redirect` is `'follow'` and only to allowed origins: the next request is
 * not sent before its origin is known, because it carries the token, the headers and the body.
 *
 * @returns the response; a redirect that was not followed is returned as it is.
 */
export async function fetchFollowing<T>(
  url: string,
  init: RequestInit,
  settings: Pick<StreamSettings<T>, 'fetch' | 'redirect' | 'allowedOrigins'>,
): Promise<Response> {
  const { fetch, redirect, allowedOrigins } = settings;
  let target = url;
  let request: RequestInit = { ...init, redirect: 'manual' };
  for (let hops = 0; ; hops += 1) {
    const response = await fetch(target, request);
    if (redirect === 'error' || !isRedirect(response) || hops === maxRedirects) return response;
    if (response.type === 'opaqueredirect') {
      // A browser hides where it leads. In mode 'same-origin' it follows to the page's own origin and fails before it sends anything elsewhere
      // (Fetch, "main fetch").
      const { location } = globalThis as { location?: { origin: string } };
      if (location?.origin !== new URL(target).origin) return response;
      return await fetch(target, { ...request, redirect: 'follow', mode: 'same-origin' });
    }
    const next = destination(response, target);
    if (next === undefined || !allowedOrigins.has(next.origin)) return response;
    cancelQuietly(response.body);
    // A custom fetch may ignore the signal: nothing is sent for a stream that was closed meanwhile.
    init.signal?.throwIfAborted();
    target = next.href;
    request = redirectedRequest(request, response.status);
  }
}

function destination(response: Response, from: string): URL | undefined {
  const location = response.headers.get('Location');
  if (location === null) return undefined;
  try {
    const url = new URL(location, from);
    // Fetch refuses credentials in a URL: such a redirect cannot be followed.
    return url.username === '' && url.password === '' ? url : undefined;
  } catch {
    // A Location that is not a URL: the response counts as a redirect that cannot be followed.
    return undefined;
  }
}

/** 303, and 301 and 302 after POST, turn the request into a GET without a body (Fetch, "HTTP-redirect fetch", step 12). */
function redirectedRequest(request: RequestInit, status: number): RequestInit {
  if (
    !(status === 303 && request.method !== 'HEAD') &&
    !((status === 301 || status === 302) && request.method === 'POST')
  )
    return request;
  const headers = new Headers(request.headers);
  for (const name of ['Content-Type', 'Content-Encoding', 'Content-Language', 'Content-Location']) headers.delete(name);
  return { ...request, headers, method: 'GET', body: null };
}
