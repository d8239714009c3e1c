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
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const at = parseHttpDate(text);
  return at === undefined ? undefined : Math.max(0, at - (parseHttpDate(date ?? '') ?? nowMs));
}

/** `Date.parse` accepts "-5" and "1.5" as years: an HTTP date begins with the name of a day. */
function parseHttpDate(text: string): number | undefined {
  const at = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? undefined : at;
}
