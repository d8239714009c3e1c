import type { IncomingMessage, ServerResponse } from 'node:http';
import { EntraEmulatorError } from '../emulator-error.ts';

/** The longest body that is read: a form of OAuth has a few kilobytes. */
const maxBodyBytes = 64 * 1024;

const bodyStatuses = { 'invalid-body': 400, 'body-too-large': 413, 'unsupported-media-type': 415 } as const;

/** A body that cannot be read. */
export class BodyError extends EntraEmulatorError<keyof typeof bodyStatuses> {
  override readonly name = 'BodyError';
  readonly status: number;

  constructor(code: keyof typeof bodyStatuses, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.status = bodyStatuses[code];
  }
}

/** @throws BodyError if the body is longer than {@link maxBodyBytes} or ends early. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // Not destroyed on leaving the loop: the refusal still has to go out on the same socket.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBodyBytes) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new BodyError('invalid-body', 'The connection was lost before the body ended.', { cause });
  }
  if (bytes > maxBodyBytes) throw new BodyError('body-too-large', `The body is longer than ${maxBodyBytes} bytes.`);
  return Buffer.concat(chunks).toString('utf8');
}

/** @throws BodyError also if the body is not a form. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  if (mediaType(request) !== 'application/x-www-form-urlencoded') {
    throw new BodyError('unsupported-media-type', 'Send the parameters as application/x-www-form-urlencoded.');
  }
  return new URLSearchParams(await readBody(request));
}

/** The media type of the body, in lower case and without parameters. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** The value of a cookie, or `undefined`. */
export function readCookie(request: IncomingMessage, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}

/** Sends JSON that must not be stored. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(JSON.stringify(body));
}

/** Redirects with a response that must not be stored. 303 after a form, so that the form is not sent again. */
export function sendRedirect(response: ServerResponse, status: 302 | 303, location: string): void {
  response.writeHead(status, { Location: location, 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
  response.end();
}

/** Whether the `Host` header names this machine itself. A page with another host name was rebound to our address. */
export function hasLoopbackHost(request: IncomingMessage): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i.test(request.headers.host ?? '');
}

/** Whether a browser sent the request for a page of another origin. Programs send neither header. */
export function isFromAnotherOrigin(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  if (origin !== undefined) return origin !== `http://${host}`;
  const site = request.headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}
