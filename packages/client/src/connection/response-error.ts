import { parseChallenges } from '../headers/index.ts';
import { ResponseError } from '../errors.ts';
import { parseRetryAfter } from '../headers/index.ts';

const maxProblemBytes = 16 * 1024;

/** What a response that opens no stream says: its status, its headers, and the problem in its body (RFC 9457, 3.1). */
export async function responseError(response: Response, nowMs: number): Promise<ResponseError> {
  const problem = await readProblem(response);
  // An unread body holds its connection open, and a browser has six for an origin.
  response.body?.cancel().catch(() => undefined);
  return new ResponseError(response.status, {
    challenges: parseChallenges(response.headers.get('WWW-Authenticate')),
    retryAfterMs: parseRetryAfter(response.headers.get('Retry-After'), nowMs),
    ...problem,
  });
}

async function readProblem(response: Response): Promise<{ detail?: string; failure?: string }> {
  if (!/^application\/(?:problem\+)?json\b/i.test(response.headers.get('Content-Type') ?? '')) return {};
  try {
    const problem: unknown = JSON.parse(await readStart(response));
    if (typeof problem !== 'object' || problem === null) return {};
    const { detail, title, code } = problem as Record<string, unknown>;
    const explanation = [detail, title].find((text) => typeof text === 'string');
    return {
      ...(explanation === undefined ? {} : { detail: explanation }),
      ...(typeof code === 'string' ? { failure: code } : {}),
    };
  } catch {
    // The body is only an explanation: without it the status still decides.
    return {};
  }
}

/** The body within a bound: an error page may be endless. */
async function readStart({ body }: Response): Promise<string> {
  if (body === null) return '';
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = '';
  for (let read = 0; read < maxProblemBytes;) {
    const { done, value } = await reader.read();
    if (done) break;
    read += value.byteLength;
    text += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
  return text;
}
