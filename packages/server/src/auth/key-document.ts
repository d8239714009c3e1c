import type { Clock } from '../core/index.ts';

export interface KeyDocumentOptions {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/**
 * Fetches a JSON document of the identity provider, with limits on time and size, and without redirects: the server that
 * answers this request decides which tokens are valid.
 */
export async function fetchKeyDocument(url: string, options: KeyDocumentOptions): Promise<Record<string, unknown>> {
  const { fetch: fetchDocument, clock, timeoutMs, maxBytes } = options;
  const controller = new AbortController();
  let stopTimer: (() => void) | undefined;
  const timedOut = new Promise<never>((_resolve, reject) => {
    stopTimer = clock.setTimer(() => {
      controller.abort();
      reject(new Error(`${url} did not answer within ${timeoutMs} ms.`));
    }, timeoutMs);
  });
  try {
    // A race, because an injected fetch may ignore its signal.
    return await Promise.race([load(), timedOut]);
  } finally {
    stopTimer?.();
  }

  async function load(): Promise<Record<string, unknown>> {
    const init = { headers: { Accept: 'application/json' }, redirect: 'error', signal: controller.signal } as const;
    const response = await fetchDocument(url, init);
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`${url} answered ${response.status}.`);
    }
    const document: unknown = JSON.parse(await readText(response, url, maxBytes));
    if (typeof document !== 'object' || document === null) throw new Error(`${url} is not a JSON object.`);
    return document as Record<string, unknown>;
  }
}

async function readText(response: Response, url: string, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the body.
    if (bytes > maxBytes) throw new Error(`${url} is larger than ${maxBytes} bytes.`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
