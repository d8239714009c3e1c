/** A request as the fake server saw it, and the way to answer it. */
interface FakeExchange {
  readonly url: string;
  readonly init: RequestInit & { readonly headers: Headers; readonly signal: AbortSignal };
  /** Answers with an event stream, unless it has been, and writes `text` to it. */
  write(text: string): Promise<void>;
  end(): Promise<void>;
  /** Breaks the response off, as a network does. */
  breakOff(): Promise<void>;
  refuse(status: number, headers?: Record<string, string>): Promise<void>;
}

/** A `fetch` whose answers the test writes. */
export function streamingFetch() {
  const exchanges: FakeExchange[] = [];
  const fetch = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    writer.closed.catch(() => undefined);
    init?.signal?.addEventListener('abort', () => {
      reject(new DOMException('Aborted', 'AbortError'));
      void writer.abort(new DOMException('Aborted', 'AbortError')).catch(() => undefined);
    });
    const response = new Response(readable, { headers: { 'Content-Type': 'text/event-stream' } });
    const open = (): void => resolve(response);
    exchanges.push({
      url: input as string,
      init: init as FakeExchange['init'],
      write: async (text) => {
        open();
        await writer.write(new TextEncoder().encode(text));
        await settle();
      },
      end: async () => {
        open();
        await writer.close();
        await settle();
      },
      breakOff: async () => {
        open();
        await writer.abort(new TypeError('reset'));
        await settle();
      },
      refuse: async (status, headers = {}) => {
        resolve(new Response(null, { status, headers }));
        await settle();
      },
    });
    return promise;
  };
  return { fetch, exchanges };
}

/** Lets every promise that is ready run. A turn of the event loop, not a length of time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) {
    await new Promise<void>((resolve) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        channel.port1.close();
        resolve();
      };
      channel.port2.postMessage(null);
    });
  }
}

/** Timers that fall due when the test says so. */
export function manualTimers() {
  const waiting = new Set<{ readonly at: number; readonly callback: () => void }>();
  let nowMs = 0;
  return {
    monotonicNow: (): number => nowMs,
    setTimer: (callback: () => void, ms: number): (() => void) => {
      const timer = { at: nowMs + ms, callback };
      waiting.add(timer);
      return () => waiting.delete(timer);
    },
    /** Moves the clock past every timer, and calls them. */
    fire: async (): Promise<void> => {
      const due = [...waiting];
      nowMs = Math.max(nowMs, ...due.map(({ at }) => at));
      for (const timer of due) {
        if (waiting.delete(timer)) timer.callback();
      }
      await settle();
    },
  };
}
