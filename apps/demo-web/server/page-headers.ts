import type { ServerConfig } from './config.ts';
import { identityOrigin } from './web-config.ts';

/**
 * The headers of every answer.
 *
 * No Cross-Origin-Opener-Policy anywhere: it would cut the sign-in window off from the page that opened it.
 *
 * @param nonce what the styles that Angular adds at run time carry; `null` for what is no app page.
 */
export function pageHeaders(config: ServerConfig, nonce: string | null): Readonly<Record<string, string>> {
  const identity = identityOrigin(config);
  const policy = [
    `default-src 'self'`,
    `script-src 'self'`,
    `style-src 'self'${nonce === null ? '' : ` 'nonce-${nonce}'`}`,
    `img-src 'self' data:`,
    `connect-src 'self' ${config.apiUrl.origin} ${identity}`,
    // MSAL renews tokens in a hidden frame, which begins at the identity provider and ends at redirect.html.
    `frame-src 'self' ${identity}`,
    `frame-ancestors 'self'`,
    `form-action 'self' ${identity}`,
    `base-uri 'self'`,
    `object-src 'none'`,
  ];
  return {
    'Content-Security-Policy': policy.join('; '),
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
  };
}
