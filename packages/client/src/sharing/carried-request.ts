/** The request for one stream that a shared connection carries: what `fetch` would have been called for. */
export interface CarriedRequest {
  /** Relative to the base URL, with a leading slash and its query. */
  readonly path: string;
  /** The position to resume after; `undefined` for none. */
  readonly after: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly respond: (response: Response) => void;
  readonly fail: (error: unknown) => void;
}

/** Asks the stream to rotate at once: its next request is part of the next connection. */
const moveBlock = new TextEncoder().encode('event: rotate\ndata: {"withinMs":0}\n\n');
/** A comment: something arrived. */
const aliveBlock = new TextEncoder().encode(':\n');
/** Fetch, "null body status". */
const withoutBody: ReadonlySet<number> = new Set([204, 205, 304]);

/** The response to one stream, whose bytes come from a shared connection. */
export class CarriedResponse {
  readonly request: CarriedRequest;
  readonly #maxQueuedBytes: number;
  readonly #onGone: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #state: 'waiting' | 'open' | 'overflowed' | 'gone' = 'waiting';
  /** Whether the stream was asked to move, and has not yet left. `'due'`: once the event that is being received is complete. */
  #move: 'no' | 'due' | 'asked' = 'no';
  /** Whether an event may have been received in part: nothing must come between. */
  #isWithinEvent = false;

  /** @param onGone called once when nothing more is wanted: the stream has left, or its response has ended. */
  constructor(request: CarriedRequest, maxQueuedBytes: number, onGone: () => void) {
    this.request = request;
    this.#maxQueuedBytes = maxQueuedBytes;
    this.#onGone = onGone;
    request.signal?.addEventListener('abort', this.#abort);
    if (request.signal?.aborted === true) this.#abort();
  }

  get isGone(): boolean {
    return this.#state === 'gone';
  }

  head(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.#state !== 'waiting') return;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        cancel: () => void this.#leave(),
      },
      { highWaterMark: this.#maxQueuedBytes, size: (bytes?: Uint8Array) => bytes?.byteLength ?? 0 },
    );
    // Throws for a status that is not one, and the request then fails with its connection.
    const response = new Response(withoutBody.has(status) ? null : body, { status, headers });
    this.#state = 'open';
    this.request.respond(response);
  }

  /** @returns `'overflow'` the first time that the stream has read too little: it gets nothing more, and has to resume elsewhere. */
  part(bytes: Uint8Array, follows: 'more' | 'nothing'): 'taken' | 'overflow' {
    if (this.#state !== 'open' || this.#controller === undefined) return 'taken';
    if (!this.#isWithinEvent && (this.#controller.desiredSize ?? 0) <= 0) {
      this.#state = 'overflowed';
      this.#controller.enqueue(moveBlock);
      return 'overflow';
    }
    this.#controller.enqueue(bytes);
    this.#isWithinEvent = follows === 'more';
    if (this.#move === 'due' && !this.#isWithinEvent) this.#askNow();
    return 'taken';
  }

  /** Something arrived on the connection: the stream is not silent, though it had no event. */
  touch(): void {
    if (this.#isWithinEvent) return;
    if (this.#state === 'open' || this.#state === 'overflowed') this.#controller?.enqueue(aliveBlock);
  }

  /** Asks once it can: a stream without an answer has no position yet. @returns whether the stream was asked now. */
  askToMove(): boolean {
    if (this.#state === 'gone' || this.#state === 'overflowed' || this.#move !== 'no') return false;
    this.#move = 'due';
    if (this.#state === 'waiting') return false;
    if (!this.#isWithinEvent) this.#askNow();
    return true;
  }

  #askNow(): void {
    this.#move = 'asked';
    this.#controller?.enqueue(moveBlock);
  }

  end(): void {
    const controller = this.#controller;
    if (this.#leave()) controller?.close();
  }

  fail(error: unknown): void {
    const [controller, state] = [this.#controller, this.#state];
    if (!this.#leave()) return;
    if (state === 'waiting') this.request.fail(error);
    else controller?.error(error);
  }

  readonly #abort = (): void => this.fail(this.request.signal?.reason);

  #leave(): boolean {
    if (this.#state === 'gone') return false;
    this.#state = 'gone';
    this.#controller = undefined;
    this.request.signal?.removeEventListener('abort', this.#abort);
    this.#onGone();
    return true;
  }
}
