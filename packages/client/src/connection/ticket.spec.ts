import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { requestTicketUrl, type TicketRequest } from './ticket.ts';

const now = Date.parse('Thu, 26 Nov 2026 12:00:00 GMT');

/** Requests a ticket from an endpoint that gives this answer. */
function request(answer: () => Response | Promise<Response>, options: Partial<TicketRequest> = {}) {
  const requests: { url: string; init: RequestInit | undefined }[] = [];
  const result = requestTicketUrl({
    ticketUrl: 'https://api.contoso.example/tickets',
    streamUrl: 'https://api.contoso.example/events/orders?region=eu',
    token: 'token-1',
    fetch: (url, init) => {
      requests.push({ url: url as string, init });
      return Promise.resolve().then(answer);
    },
    ...options,
  });
  return { requests, result };
}

describe('requesting a ticket', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('sends the token and the path of the stream, and returns the URL with the ticket', async () => {
    const { signal } = new AbortController();
    const { requests, result } = request(() => Response.json({ ticket: 'a b' }), { signal });
    expect(await result).toBe('https://api.contoso.example/events/orders?region=eu&ticket=a+b');
    expect(requests).toEqual([
      {
        url: 'https://api.contoso.example/tickets',
        init: {
          method: 'POST',
          headers: { Authorization: 'Bearer token-1', 'Content-Type': 'application/json' },
          body: '{"path":"/events/orders"}',
          cache: 'no-store',
          redirect: 'error',
          signal,
        },
      },
    ]);
  });

  it('passes no signal to fetch if it has none', async () => {
    const { requests, result } = request(() => Response.json({ ticket: 'a' }));
    await result;
    expect(requests[0]?.init).not.toHaveProperty('signal');
  });

  it('fails with the cause if the server cannot be reached', async () => {
    const cause = new TypeError('Failed to fetch');
    const { result } = request(() => Promise.reject(cause));
    await expect(result).rejects.toMatchObject({ code: 'network-error', cause });
  });

  it.each(['{}', '{"ticket":1}', '{"ticket":null}', 'null', '"ticket"', '<html>', ''])(
    'fails if the answer %j has no ticket',
    async (body) => {
      await expect(request(() => new Response(body)).result).rejects.toMatchObject({ code: 'unexpected-content-type' });
    },
  );

  it('fails with the refusal, whose Retry-After is read by the clock, and leaves no timer', async () => {
    const headers = { 'Retry-After': 'Thu, 26 Nov 2026 12:00:30 GMT' };
    const { result } = request(() => new Response('{"detail":"Too many tickets."}', { status: 429, headers }));
    await expect(result).rejects.toMatchObject({
      code: 'http-error',
      status: 429,
      detail: 'Too many tickets.',
      retryAfterMs: 30_000,
    });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits for the body of a refusal for a limited time', async () => {
    const { result } = request(() => new Response(new ReadableStream(), { status: 500 }));
    const rejection = expect(result).rejects.toMatchObject({ code: 'http-error', status: 500, body: '' });
    await vi.advanceTimersByTimeAsync(5_000);
    await rejection;
  });
});
