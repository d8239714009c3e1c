import { describe, expect, it, vi } from 'vitest';
import { createFakeClock } from '../core/fake-clock.fixture.ts';
import { fetchKeyDocument } from './key-document.ts';

const URL_OF_KEYS = 'https://login.example/keys';

function load(response: Response | Promise<Response>, maxBytes = 1_000) {
  const clock = createFakeClock();
  const fetchDocument = vi.fn<typeof fetch>(() => Promise.resolve(response));
  const document = fetchKeyDocument(URL_OF_KEYS, { fetch: fetchDocument, clock, timeoutMs: 5_000, maxBytes });
  return { clock, fetchDocument, document };
}

/** A response whose body comes in these chunks, and which notes whether it was cancelled. */
function inChunks(chunks: readonly Uint8Array[], status = 200) {
  const cancelled = vi.fn();
  let next = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks[next];
      next += 1;
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
    cancel: cancelled,
  });
  return { response: new Response(body, { status }), cancelled };
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a document of the identity provider', () => {
  it('is requested as JSON, without following redirects, and leaves no timer behind', async () => {
    const { clock, document, fetchDocument } = load(Response.json({ keys: [] }));
    expect(await document).toEqual({ keys: [] });
    const [url, init] = fetchDocument.mock.calls[0] ?? [];
    expect([url, init?.redirect, init?.headers]).toEqual([URL_OF_KEYS, 'error', { Accept: 'application/json' }]);
    expect(clock.timerCount).toBe(0);
  });

  it('may have characters that are split over chunks', async () => {
    const bytes = bytesOf('{"name":"é🎈"}');
    const { response } = inChunks(Array.from(bytes, (_, index) => bytes.slice(index, index + 1)));
    expect(await load(response).document).toEqual({ name: 'é🎈' });
  });

  it('may have as many bytes as the limit, and not one more', async () => {
    const text = JSON.stringify({ x: 'y'.repeat(90) });
    expect(await load(inChunks([bytesOf(text)]).response, text.length).document).toMatchObject({ x: 'y'.repeat(90) });
    const { response, cancelled } = inChunks([bytesOf(text.slice(0, 50)), bytesOf(text.slice(50)), bytesOf(' ')]);
    await expect(load(response, text.length - 1).document).rejects.toThrow(
      `${URL_OF_KEYS} is larger than ${text.length - 1} bytes.`,
    );
    expect(cancelled).toHaveBeenCalledOnce();
  });

  it.each([
    ['[]', undefined],
    ['null', /not a JSON object/],
    ['"text"', /not a JSON object/],
    ['7', /not a JSON object/],
    ['<html>', /JSON/],
    ['', /JSON/],
  ])('that is %s: refused with %s', async (text, message) => {
    const { document } = load(new Response(text));
    if (message === undefined) await expect(document).resolves.toEqual([]);
    else await expect(document).rejects.toThrow(message);
  });

  it('without a body is refused', async () => {
    await expect(load(new Response(null)).document).rejects.toThrow(/JSON/);
  });

  it.each([204, 301, 404, 500])('is refused with the status %i, and its body is cancelled', async (status) => {
    const { response, cancelled } =
      status === 204
        ? { response: new Response(null, { status }), cancelled: undefined }
        : inChunks([bytesOf('{}')], status);
    await expect(load(response).document).rejects.toThrow(`${URL_OF_KEYS} answered ${status}.`);
    if (cancelled !== undefined) expect(cancelled).toHaveBeenCalledOnce();
  });

  it('that does not come in time is refused, and its request is aborted', async () => {
    const { clock, document, fetchDocument } = load(new Promise<Response>(() => undefined));
    const refused = expect(document).rejects.toThrow(`${URL_OF_KEYS} did not answer within 5000 ms.`);
    clock.advance(4_999);
    const signal = fetchDocument.mock.calls[0]?.[1]?.signal;
    expect(signal?.aborted).toBe(false);
    clock.advance(1);
    await refused;
    expect([signal?.aborted, clock.timerCount]).toEqual([true, 0]);
  });
});
