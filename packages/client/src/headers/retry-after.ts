/**
 * Reads `Retry-After`: seconds, or an HTTP date (RFC 9110, 10.2.3).
 *
 * @returns ms from `nowMs`, never negative; `null` where the header is missing or is neither.
 */
export function parseRetryAfter(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  // Date.parse accepts "-5" and "1.5" as years: an HTTP date begins with the name of a day.
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}
