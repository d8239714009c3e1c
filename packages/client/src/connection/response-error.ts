import { ResponseError } from '../errors.ts';
import { parseChallenges, parseRetryAfter } from '../headers/index.ts';
import type { StreamRuntime } from '../options/index.ts';
import { cancelQuietly } from './cancel-quietly.ts';

const maxBodyBytes = 16 * 1024;
/** A body is only an explanation: a server that does not end it must not keep the stream from reconnecting. */
const bodyTimeoutMs = 5_000;

/**
 * Reads a response that opens no stream: its status, its headers, and the explanation in its body (RFC 9457, 3.1).
 * Its time is limited, and it never throws.
 */
export async function responseError(
  response: Response,
  runtime: Pick<StreamRuntime, 'now' | 'setTimer'>,
  signal?: AbortSignal,
): Promise<ResponseError> {
  const { headers, status } = response;
  const { text: body } = await readText(response, runtime, signal);
  return new ResponseError(status, {
    challenges: parseChallenges(headers.get('WWW-Authenticate')),
    retryAfterMs: parseRetryAfter(headers.get('Retry-After'), headers.get('Date'), runtime.now()),
    body,
    ...explanation(body),
  });
}

function explanation(body: string): { detail?: string; failure?: string } {
  let problem: unknown;
  try {
    problem = JSON.parse(body);
  } catch {
    // Not JSON: the status still decides.
    return {};
  }
  if (typeof problem !== 'object' || problem === null) return {};
  const { detail, title, code, error, message } = problem as Record<string, unknown>;
  // RFC 9457's members first, then those of common APIs, such as OpenAI's {"error": {"message": …}}.
  const nested = typeof error === 'object' && error !== null ? (error as { message?: unknown }).message : error;
  const text = [detail, title, nested, message].find((member) => typeof member === 'string');
  return {
    ...(typeof text === 'string' ? { detail: text } : {}),
    ...(typeof code === 'string' ? { failure: code } : {}),
  };
}

/** The text of a body within limits of size and time: an error page may be endless. `'cut'`: the body broke off or a limit was reached. */
export async function readText(
  { body }: Pick<Response, 'body'>,
  { setTimer }: Pick<StreamRuntime, 'setTimer'>,
  signal?: AbortSignal,
): Promise<{ readonly text: string; readonly end: 'whole' | 'cut' }> {
  if (body === null) return { text: '', end: 'whole' };
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = '';
  let release: () => void = () => undefined;
  const over = new Promise<'over'>((resolve) => {
    const stop = (): void => resolve('over');
    const cancelTimer = setTimer(stop, bodyTimeoutMs);
    signal?.addEventListener('abort', stop);
    release = () => {
      cancelTimer();
      signal?.removeEventListener('abort', stop);
    };
    if (signal?.aborted === true) stop();
  });
  try {
    for (let read = 0; read < maxBodyBytes;) {
      const result = await Promise.race([reader.read(), over]);
      if (result === 'over') break;
      if (result.done) return { text, end: 'whole' };
      text += decoder.decode(result.value.subarray(0, maxBodyBytes - read), { stream: true });
      read += result.value.byteLength;
    }
  } catch {
    // The body broke off: what was read of it is kept.
  } finally {
    release();
    // An unread body keeps its connection open, and a browser has six for an origin.
    cancelQuietly(reader);
  }
  return { text, end: 'cut' };
}
