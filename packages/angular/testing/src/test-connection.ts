/** One request of a stream, and its response. */
export class TestConnection {
  readonly url: string;
  readonly headers: Headers;
  readonly method: string;
  readonly body: BodyInit | null;
  readonly #response: PromiseWithResolvers<Response> = Promise.withResolvers<Response>();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #state: 'pending' | 'open' | 'ended' = 'pending';

  constructor(url: string, init: RequestInit) {
    this.url = url;
    this.headers = new Headers(init.headers);
    this.method = init.method ?? 'GET';
    this.body = init.body ?? null;
    init.signal?.addEventListener('abort', () => {
      const reason: unknown = init.signal?.reason;
      this.#finish((controller) => controller.error(reason));
      this.#response.reject(reason);
    });
  }

  get response(): Promise<Response> {
    return this.#response.promise;
  }

  get state(): 'pending' | 'open' | 'ended' {
    return this.#state;
  }

  open(): void {
    if (this.#state !== 'pending') return;
    this.#state = 'open';
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void (this.#controller = controller) });
    this.#response.resolve(new Response(body, { headers: { 'Content-Type': 'text/event-stream' } }));
  }

  write(text: string): void {
    this.open();
    if (this.#state === 'open') this.#controller?.enqueue(new TextEncoder().encode(text));
  }

  end(): void {
    this.open();
    this.#finish((controller) => controller.close());
  }

  breakOff(): void {
    this.open();
    this.#finish((controller) => controller.error(new TypeError('The connection was lost (SseTestStream.drop).')));
  }

  refuse(status: number, headers: Readonly<Record<string, string>>, body: string | null): void {
    if (this.#state !== 'pending') return;
    this.#state = 'ended';
    this.#response.resolve(new Response(body, { status, headers }));
  }

  #finish(end: (controller: ReadableStreamDefaultController<Uint8Array>) => void): void {
    const wasOpen = this.#state === 'open';
    this.#state = 'ended';
    if (wasOpen && this.#controller !== undefined) end(this.#controller);
  }
}
