import type { SessionTransport } from './session-transport.ts';

/** The answer to a request that gets no stream (PROTOCOL 3.4, 7). Nothing in it comes from the request. */
export interface Refusal {
  readonly status: number;
  /** Stable over versions. */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal in the application's own words, which the client gets unchanged. */
export interface Denial {
  /** Answered by 400, 403 or 404. */
  readonly kind: 'bad-request' | 'forbidden' | 'not-found';
  /** What is wrong, and what to do about it. Do not copy anything from the request unchecked. */
  readonly detail: string;
  /** Stable over versions. @default 'invalid-request', 'forbidden' or 'unknown-stream' */
  readonly code?: string;
}

/** Too many requests by this user, or by whatever you count. Clients wait and retry (PROTOCOL 8.6). */
export interface TooManyRequests {
  readonly kind: 'too-many-requests';
  /** When to retry. Sent in whole seconds, rounded up, at least 1. */
  readonly retryAfterMs: number;
}

/** The head and body of a refusal, as `application/problem+json` (RFC 9457). */
export function writeProblem(refusal: Refusal): { headers: Record<string, string>; body: string } {
  const { status, code, title, detail, headers } = refusal;
  return {
    headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', ...headers },
    body: JSON.stringify({ status, title, detail, code }),
  };
}

/** Sends a refusal, and ends the response. */
export function sendRefusal(
  transport: SessionTransport,
  refusal: Refusal,
  corsHeaders: Readonly<Record<string, string>>,
): void {
  const { headers, body } = writeProblem(refusal);
  const bytes = new TextEncoder().encode(body);
  transport.start(refusal.status, { ...headers, ...corsHeaders, 'Content-Length': String(bytes.byteLength) });
  transport.write(bytes);
  transport.end();
}

export function methodNotAllowed(methods: readonly string[]): Refusal {
  const allow = methods.join(', ');
  return {
    status: 405,
    code: 'method-not-allowed',
    title: 'Method not allowed',
    detail: `This resource accepts ${allow}.`,
    headers: { Allow: allow },
  };
}

export const originNotAllowed: Refusal = {
  status: 403,
  code: 'origin-not-allowed',
  title: 'Origin not allowed',
  detail: 'This origin is not in the list of allowed origins.',
};

export const noTicketPath: Refusal = {
  status: 400,
  code: 'no-ticket-path',
  title: 'No path',
  detail: 'The body must be {"path": "/…"} with the path of the stream that the ticket is for.',
};

export const forbidden: Refusal = {
  status: 403,
  code: 'forbidden',
  title: 'Forbidden',
  detail: 'The signed-in user may not read this stream.',
};

export const unknownStream: Refusal = {
  status: 404,
  code: 'unknown-stream',
  title: 'Unknown stream',
  detail: 'This stream does not exist.',
};

export const internalError: Refusal = {
  status: 500,
  code: 'internal-error',
  title: 'Internal error',
  detail: 'The server could not process the request.',
};

const malformedRequest: Refusal = {
  status: 400,
  code: 'invalid-request',
  title: 'Invalid request',
  detail: 'The request is malformed.',
};

const usualRefusals: ReadonlyMap<string, Refusal> = new Map([
  ['bad-request', malformedRequest],
  ['forbidden', forbidden],
  ['not-found', unknownStream],
]);

/** A refusal in the application's words. An unknown kind, of an untyped caller, counts as forbidden. */
export function denied({ kind, detail, code }: Denial): Refusal {
  const usual = usualRefusals.get(kind);
  if (usual === undefined) return forbidden;
  return { ...usual, detail, ...(code === undefined ? {} : { code }) };
}

/** 429, with the time after which to retry (PROTOCOL 3.6). */
export function tooManyRequests(retryAfterMs: number): Refusal {
  const seconds = wholeSeconds(retryAfterMs / 1000);
  return {
    status: 429,
    code: 'too-many-requests',
    title: 'Too many requests',
    detail: `Retry in ${seconds} s.`,
    headers: { 'Retry-After': seconds },
  };
}

/** 503, with the time after which to retry (PROTOCOL 3.6). */
export function unavailable(code: string, detail: string, retryAfterSeconds: number): Refusal {
  return {
    status: 503,
    code,
    title: 'Unavailable',
    detail,
    headers: { 'Retry-After': wholeSeconds(retryAfterSeconds) },
  };
}

/** RFC 9110 10.2.3 allows no fractions. 0 would mean no wait. */
function wholeSeconds(seconds: number): string {
  return String(Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : 1);
}
