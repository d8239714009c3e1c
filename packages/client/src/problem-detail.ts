const maxProblemBytes = 16 * 1024;

/** What a problem+json body says (RFC 9457, 3.1), read within a bound: an error page may be endless. */
export async function problemDetail(response: Response): Promise<string | null> {
  if (!/^application\/(?:problem\+)?json\b/i.test(response.headers.get('Content-Type') ?? '') || response.body === null)
    return null;
  const decoder = new TextDecoder();
  let text = '';
  try {
    const reader = response.body.getReader();
    for (let read = 0; read < maxProblemBytes;) {
      const { done, value } = await reader.read();
      if (done) break;
      read += value.byteLength;
      text += decoder.decode(value, { stream: true });
    }
    reader.releaseLock();
    const problem: unknown = JSON.parse(text);
    if (typeof problem !== 'object' || problem === null) return null;
    const { detail, title } = problem as Record<string, unknown>;
    return typeof detail === 'string' ? detail : typeof title === 'string' ? title : null;
  } catch {
    // The body is only an explanation: without it the status still decides.
    return null;
  }
}
