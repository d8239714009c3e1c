import { isDevMode } from '@angular/core';

const warned = new Set<string>();
const maxWarned = 100;

/** In development, warns once for each origin that gets a token over a connection that everybody on the way can read (RFC 6750 5.3). */
export function warnOverHttp(url: string): void {
  const { protocol, hostname, origin } = new URL(url);
  const isLocal =
    hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '127.0.0.1' || hostname === '[::1]';
  if (protocol !== 'http:' || isLocal || !isDevMode() || warned.has(origin) || warned.size >= maxWarned) return;
  warned.add(origin);
  console.warn(`Warning: Sending token over HTTP to ${origin}. Use https: everybody on the way can read it.`);
}
