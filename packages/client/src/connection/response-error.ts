import { ResponseError } from '../errors.ts';
import { parseChallenges, parseRetryAfter } from '../headers/index.ts';
import type { StreamRuntime } from '../options/index.ts';

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
): Promise<ResponseError> {
  const { headers, status } = response;
  const body = await readStart(response, runtime);
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

/** The body within limits of size and time: an error page may be endless. */
async function readStart({ body }: Response, { setTimer }: Pick<StreamRuntime, 'setTimer'>): Promise<string> {
  if (body === null) return '';
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = '';
  let cancelTimer: () => void = () => undefined;
  const late = new Promise<'late'>((resolve) => (cancelTimer = setTimer(() => resolve('late'), bodyTimeoutMs)));
  try {
    for (let read = 0; read < maxBodyBytes;) {
      const result = await Promise.race([reader.read(), late]);
      if (result === 'late' || result.done) break;
      read += result.value.byteLength;
      text += decoder.decode(result.value.subarray(0, maxBodyBytes), { stream: true });
    }
  } catch {
    // The body broke off: what was read of it is enough.
  } finally {
    cancelTimer();
    // An unread body keeps its connection open, and a browser has six for an origin.
    reader.cancel().catch(() => undefined);
  }
  return text;
}
