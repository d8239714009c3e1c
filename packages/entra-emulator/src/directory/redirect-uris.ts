import type { SpaApplication } from './directory.ts';

/**
 * The URL to redirect to, or `undefined` where the application has not registered it. The caller must then show a page:
 * to redirect would make the emulator an open redirector (RFC 9700, 4.11).
 *
 * What counts is the parsed URL, so `http://localhost:1@evil.example` and `http://localhost.evil.example` are refused.
 */
export function registeredRedirect(
  candidate: string,
  application: SpaApplication,
  redirectOrigins: readonly string[],
): URL | undefined {
  if (!URL.canParse(candidate)) return undefined;
  const url = new URL(candidate);
  const { redirectUris = [], localhostRedirects = 'none' } = application;
  // A fragment is forbidden in a redirect URI (RFC 6749, 3.1.2), and credentials in one only deceive the reader.
  if (candidate.includes('#') || url.username !== '' || url.password !== '') return undefined;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  if (redirectUris.includes(candidate)) return url;
  return allowedOrigin(url.origin, localhostRedirects, redirectOrigins) ? url : undefined;
}

/** Whether pages of this origin may redeem codes and refresh tokens of the application: the token endpoint's CORS. */
export function isApplicationOrigin(
  origin: string,
  application: SpaApplication,
  redirectOrigins: readonly string[],
): boolean {
  const { redirectUris = [], localhostRedirects = 'none' } = application;
  return (
    redirectUris.some((uri) => URL.canParse(uri) && new URL(uri).origin === origin) ||
    allowedOrigin(origin, localhostRedirects, redirectOrigins)
  );
}

function allowedOrigin(origin: string, localhost: 'any-port' | 'none', redirectOrigins: readonly string[]): boolean {
  if (redirectOrigins.includes(origin)) return true;
  return localhost === 'any-port' && /^http:\/\/localhost(:\d{1,5})?$/.test(origin);
}
