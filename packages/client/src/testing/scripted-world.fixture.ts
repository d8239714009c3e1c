import type { StreamRuntime } from '../options/index.ts';

/** One request, as the scripted server saw it. */
export interface SeenRequest {
  readonly url: string;
  readonly init: RequestInit & { readonly headers: Headers; readonly signal: AbortSignal };
}

/** A response whose body the test writes. */
export interface ScriptedStream {
  readonly response: Response;
  write(text: string): Promise<void>;
  writeBytes(bytes: Uint8Array): Promise<void>;
  end(): Promise<void>;
  breakOff(): Promise<void>;
}

export function scriptedStream(headers: Record<string, string> = {}): ScriptedStream {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  writer.closed.catch(() => undefined);
  return {
    response: new Response(readable, { headers: { 'Content-Type': 'text/event-stream', ...headers } }),
    write: (text) => writer.write(new TextEncoder().encode(text)).then(settle),
    writeBytes: (bytes) => writer.write(bytes).then(settle),
    end: () => writer.close().then(settle),
    breakOff: () => writer.abort(new Error('reset by peer')).then(settle),
  };
}

/** Lets every promise that is ready run. A turn of the event loop, not a length of time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A body that is never written: it records whether it was cancelled. */
export function silentBody(headers: Record<string, string> = {}, statusCode = 200) {
  const seen = { cancelled: false };
  const body = new ReadableStream<Uint8Array>({ cancel: () => void (seen.cancelled = true) });
  const response = new Response(body, {
    status: statusCode,
    headers: { 'Content-Type': 'text/event-stream', ...headers },
  });
  return { seen, response };
}

type Answer = Response | Error | ((request: SeenRequest) => Response | Promise<Response>);

/** A world without waiting: a server that answers from a script, and a clock that the test moves. */
export class ScriptedWorld {
  readonly requests: SeenRequest[] = [];
  /** What consumers threw. */
  readonly reported: unknown[] = [];
  readonly answers: Answer[];
  nowMs = 1_000_000;
  /** How far the wall clock is from the monotonic one: tests set it to make the wall clock jump. */
  wallOffsetMs = 0;
  randomValue = 0.5;
  network: 'online' | 'offline' = 'online';
  readonly #timers = new Set<{ at: number; callback: () => void }>();
  readonly #wakeListeners = new Set<() => void>();

  constructor(...answers: Answer[]) {
    this.answers = answers;
  }

  /** What is still held of the world: zero when a stream has cleaned up after itself. */
  get held(): number {
    return this.#timers.size + this.#wakeListeners.size;
  }

  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = { url: input as string, init: init as SeenRequest['init'] };
    this.requests.push(request);
    const answer = this.answers.shift();
    if (answer === undefined) throw new TypeError('The script has no more answers.');
    if (answer instanceof Error) throw answer;
    const response = typeof answer === 'function' ? await answer(request) : answer;
    abortWith(response, request.init.signal);
    return response;
  };

  readonly runtime: StreamRuntime = {
    now: () => this.nowMs + this.wallOffsetMs,
    monotonicNow: () => this.nowMs,
    random: () => this.randomValue,
    setTimer: (callback, ms) => {
      const timer = { at: this.nowMs + ms, callback };
      this.#timers.add(timer);
      return () => this.#timers.delete(timer);
    },
    lifecycle: {
      network: () => this.network,
      onWake: (listener) => {
        this.#wakeListeners.add(listener);
        return () => this.#wakeListeners.delete(listener);
      },
    },
    reportError: (error) => this.reported.push(error),
  };

  async wake(): Promise<void> {
    for (const listener of [...this.#wakeListeners]) listener();
    await settle();
  }

  /** Moves the clock, and lets what falls due run. */
  async advance(ms: number): Promise<void> {
    this.nowMs += ms;
    for (const timer of [...this.#timers].filter(({ at }) => at <= this.nowMs)) {
      this.#timers.delete(timer);
      timer.callback();
    }
    await settle();
  }
}

/** What `fetch` does: aborting the request errors the body that is being read. */
function abortWith(response: Response, signal: AbortSignal): void {
  const body = response.body;
  if (body === null) return;
  const getReader = body.getReader.bind(body) as () => ReadableStreamDefaultReader<Uint8Array>;
  Object.defineProperty(body, 'getReader', {
    value: () => {
      const reader = getReader();
      signal.addEventListener('abort', () => void reader.cancel(signal.reason).catch(() => undefined));
      return reader;
    },
  });
}
