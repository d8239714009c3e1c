import type { GapReason } from '@sillage/client';
import { TestConnection } from './test-connection';
import { settle } from './turns';

/** How an event differs from the default. */
export interface SseTestEvent {
  /** @default 'message' */
  readonly type?: string;
  /** The event ID. @default the next of `test-1`, `test-2` … */
  readonly id?: string;
}

/** How a request is refused. */
export interface SseTestRefusal {
  /** @default 403 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body, such as a problem (RFC 9457); sent as JSON unless it is a string. @default none */
  readonly body?: unknown;
}

/** What happens to the next attempt. */
type Plan = 'wait' | 'open' | SseTestRefusal;

/**
 * A stream, as its server sees it, over all of its attempts. Each method resolves once the client has done what follows without waiting; then
 * look at the component.
 */
export class SseTestStream {
  /** Absolute. */
  readonly url: string;
  readonly #attempts: TestConnection[] = [];
  readonly #reconnect: (url: string) => void;
  /** Whether the next attempt is answered at once: after the test has answered the first one. */
  #next: Plan = 'wait';
  #eventCount = 0;
  #isClosed = false;

  constructor(url: string, reconnect: (url: string) => void) {
    this.url = url;
    this.#reconnect = reconnect;
  }

  /** How many requests there were: one, and one more for each reconnection. */
  get attempts(): number {
    return this.#attempts.length;
  }

  /** The headers of the last request, with the token. */
  get headers(): Headers {
    return this.#last.headers;
  }

  get method(): string {
    return this.#last.method;
  }

  /** The body of the last request, as it was sent; `null` for none. */
  get body(): BodyInit | null {
    return this.#last.body;
  }

  /** The ID after which the last request resumes; `null` if it begins anew. */
  get lastEventId(): string | null {
    return this.#last.headers.get('Last-Event-ID');
  }

  /** `'pending'`: the request has no answer yet. `'ended'`: the connection was ended, and the client may make another attempt. */
  get state(): 'pending' | 'open' | 'ended' | 'closed' {
    return this.#isClosed ? 'closed' : this.#last.state;
  }

  /** Answers the request, without an event yet. `emit()` does it too. */
  async open(): Promise<void> {
    this.#next = 'open';
    this.#last.open();
    // What a server sends first: the client sees the connection as open.
    this.#last.write(':\n');
    await settle();
  }

  /** Sends an event, whose data is sent as JSON. */
  async emit(data: unknown, { type, id }: SseTestEvent = {}): Promise<void> {
    this.#eventCount += 1;
    const head = `id: ${id ?? `test-${this.#eventCount}`}\n${type === undefined ? '' : `event: ${type}\n`}`;
    await this.#write(`${head}${linesOf(JSON.stringify(data))}\n`);
  }

  /** Sends an event whose data is a text, as it is. */
  async emitText(text: string, { type, id }: SseTestEvent = {}): Promise<void> {
    this.#eventCount += 1;
    const head = `id: ${id ?? `test-${this.#eventCount}`}\n${type === undefined ? '' : `event: ${type}\n`}`;
    await this.#write(`${head}${linesOf(text)}\n`);
  }

  /** Tells the client that events were lost (PROTOCOL 5.3). */
  async gap(reason: GapReason = 'trimmed'): Promise<void> {
    this.#eventCount += 1;
    const data = JSON.stringify({ reason, after: this.lastEventId ?? 'test-0' });
    await this.#write(`id: test-${this.#eventCount}\nevent: gap\ndata: ${data}\n\n`);
  }

  /** Ends the stream: the Observable completes. */
  async complete(): Promise<void> {
    await this.#write('event: complete\ndata:\n\n');
    this.#last.end();
    await settle();
  }

  /**
   * Refuses: the request if it has no answer yet, or else the connection ends and the next attempt is refused. With a status that may pass (429, 502,
   * 503, 504) the client waits and asks again.
   */
  async error(refusal: SseTestRefusal = {}): Promise<void> {
    if (this.#last.state === 'pending') {
      this.#refuse(this.#last, refusal);
      await settle();
      return;
    }
    this.#next = refusal;
    this.#last.end();
    await settle();
    await this.reconnect();
  }

  /** Breaks the connection, as a network does. The client waits, and then resumes: at once with {@link reconnect}. */
  async drop(): Promise<void> {
    this.#last.breakOff();
    await settle();
  }

  /** Cuts the client's wait short. */
  async reconnect(): Promise<void> {
    this.#reconnect(this.url);
    await settle();
  }

  /** Ends the connection as a server does when the token expires. The client resumes, with a token that it asks for again. */
  async expireToken(): Promise<void> {
    this.#last.end();
    await settle();
    await this.reconnect();
  }

  /**
   * Demands user interaction: the connection ends, and the next attempt is refused with a claims challenge (PROTOCOL 7.4). With
   * `provideFakeMsal()`, the stream then waits in the state `interaction-required`.
   */
  async requireInteraction(
    claims: object = { access_token: { acrs: { essential: true, value: 'c1' } } },
  ): Promise<void> {
    const challenge = `Bearer error="insufficient_claims", claims="${btoa(JSON.stringify(claims))}"`;
    await this.error({ status: 401, headers: { 'WWW-Authenticate': challenge } });
  }

  /** @internal A request of the stream. */
  connect(url: string, init: RequestInit): Promise<Response> {
    const connection = new TestConnection(url, init);
    this.#attempts.push(connection);
    const plan = this.#next;
    if (plan === 'open') {
      connection.open();
      connection.write(':\n');
    } else if (plan !== 'wait') {
      this.#next = 'open';
      this.#refuse(connection, plan);
    }
    return connection.response;
  }

  /** @internal Its subscriber has left, or it has ended. */
  close(): void {
    this.#isClosed = true;
  }

  get #last(): TestConnection {
    const last = this.#attempts.at(-1);
    if (last === undefined) throw new Error(`The stream ${this.url} has sent no request yet.`);
    return last;
  }

  #refuse(connection: TestConnection, { status = 403, headers = {}, body }: SseTestRefusal): void {
    this.#next = 'open';
    const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
    connection.refuse(
      status,
      typeof body === 'object' ? { 'Content-Type': 'application/problem+json', ...headers } : headers,
      text,
    );
  }

  async #write(text: string): Promise<void> {
    // The client may be about to make its next attempt.
    await settle();
    if (this.#isClosed || this.#last.state === 'ended') {
      throw new Error(
        `${this.url} has no open connection: its ${this.#isClosed ? 'stream was closed' : 'connection has ended'}.`,
      );
    }
    this.#next = 'open';
    this.#last.write(text);
    await settle();
  }
}

/** WHATWG HTML, 9.2.6: a line break would end the field. */
function linesOf(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join('');
}
