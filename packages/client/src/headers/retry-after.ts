/**
 * Reads `Retry-After`: seconds, or an HTTP date (RFC 9110, 10.2.3).
 *
 * @param date the response's `Date` header. A date is compared with it rather than with the client's clock, which may be wrong.
 * @param nowMs the client's clock in ms since the epoch, used if there is no `Date` header (CORS must expose it).
 * @returns ms from the response, never negative; `undefined` if the header is missing or is neither.
 */
export function parseRetryAfter(header: string | null, date: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  // A number with hundreds of digits is Infinity, which no timer can wait.
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1_000, Number.MAX_SAFE_INTEGER);
  const at = parseHttpDate(text);
  return at === undefined ? undefined : Math.max(0, at - (parseHttpDate(date ?? '') ?? nowMs));
}

/** All three forms are in UTC; the one of asctime does not say so (RFC 9110, 5.6.7). `Date.parse` accepts "-5" and "1.5" as years: an HTTP date begins with the name of a day. */
function parseHttpDate(text: string): number | undefined {
  const at = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)
    ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
    : NaN;
  return Number.isNaN(at) ? undefined : at;
}
