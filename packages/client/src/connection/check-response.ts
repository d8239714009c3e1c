import { ProtocolError } from '../errors.ts';
import type { StreamSettings } from '../options/index.ts';
import { tokenDemand } from '../headers/index.ts';
import type { ResponseError } from '../errors.ts';
import { ended, type AttemptEnd } from './attempt-end.ts';
import { responseError } from './response-error.ts';

/** A response that is an event stream. */
export interface OpenConnection {
  readonly body: ReadableStream<Uint8Array>;
  /** The server's heartbeat interval in ms (PROTOCOL 3.2); `undefined` if it announced none. */
  readonly heartbeatMs: number | undefined;
  /** The time until the server ends the connection, in ms (PROTOCOL 3.8); `undefined` if it announced none. */
  readonly sessionMs: number | undefined;
  /** Whether the response's headers say that the server follows PROTOCOL.md. */
  readonly server: 'sillage' | 'other';
}

/** Fetch, "redirect status". */
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Whether a response is a redirect: one that can be read, or one that a browser hides. */
export function isRedirect(response: Response): boolean {
  return response.type === 'opaqueredirect' || redirectStatuses.has(response.status);
}

/** Checks the response to a stream's request: status, redirect, content type. Never throws. */
export async function checkResponse<T>(
  response: Response,
  settings: StreamSettings<T>,
  signal?: AbortSignal,
): Promise<{ readonly open: OpenConnection } | { readonly end: AttemptEnd }> {
  const { status, headers, body } = response;
  if (isRedirect(response)) {
    return refuse(
      'redirect-refused',
      settings.redirect === 'error'
        ? 'The server redirected the stream. Use the final URL, or set redirect to "follow".'
        : 'The server redirected the stream to an origin that is not among allowedOrigins or that the browser does not reveal, to an address that is not valid, or too often. Use the final URL.',
    );
  }
  if (response.redirected && !settings.allowedOrigins.has(new URL(response.url).origin)) {
    return refuse(
      'redirect-refused',
      `The stream was redirected to ${new URL(response.url).origin}, which is not among allowedOrigins.`,
    );
  }
  if (status === 204) return { end: ended({ kind: 'completed' }) };
  if (status !== 200) return refusal(await responseError(response, settings.runtime, signal), 'stream');
  const contentType = headers.get('Content-Type') ?? '';
  if (body === null)
    return refuse('unexpected-content-type', 'The response has no body, so it is not an event stream.');
  if (essence(contentType) !== 'text/event-stream') {
    return refuse(
      'unexpected-content-type',
      contentType === ''
        ? 'The response has no Content-Type. An event stream has text/event-stream.'
        : `The response has the Content-Type "${contentType}"${contentType.includes(',') ? ', which is several,' : ''} and not text/event-stream.`,
    );
  }
  const heartbeatMs = milliseconds(headers.get('Sillage-Heartbeat-Ms'));
  const sessionMs = milliseconds(headers.get('Sillage-Session-Ms'));
  const server = heartbeatMs === undefined && sessionMs === undefined ? 'other' : 'sillage';
  return { open: { body, heartbeatMs, sessionMs, server } };
}

/** The end of an attempt that was answered by a status other than 200 and 204. */
export function refusal(error: ResponseError, by: 'stream' | 'ticket-endpoint'): { readonly end: AttemptEnd } {
  const { status, challenges, retryAfterMs } = error;
  return {
    end: { outcome: { kind: 'refused', status, by }, error, retryAfterMs, demand: tokenDemand(challenges) },
  };
}

function refuse(code: ProtocolError['code'], message: string): { readonly end: AttemptEnd } {
  return { end: ended({ kind: 'impossible' }, new ProtocolError(code, message)) };
}

/** If the header was sent twice the last value counts (Fetch, "extract a MIME type"). */
function essence(contentType: string): string | undefined {
  return contentType.split(',').at(-1)?.split(';', 1)[0]?.trim().toLowerCase();
}

/** A positive number of milliseconds in a header; `undefined` if there is none. */
export function milliseconds(header: string | null): number | undefined {
  return header !== null && /^\d+$/.test(header) && Number(header) > 0 ? Number(header) : undefined;
}
