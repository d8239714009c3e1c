import { inject, Injectable } from '@angular/core';
import { SseStreams, type SseRequest, type SseTransport, type SseTransportStream } from '@sillage/angular';
import { SseTestStream } from './sse-test-stream';
import { settle } from './turns';

/** Which streams are meant: a URL (absolute, or its end such as `/orders`), a pattern, or a function. */
export type SseMatch = string | RegExp | ((stream: SseTestStream) => boolean);

/** The server of all streams of a test. Get it by `TestBed.inject()`, after `provideSseTesting()`. */
@Injectable()
export class SseTestingController {
  readonly #streams = inject(SseStreams);
  readonly #unmatched: SseTestStream[] = [];
  readonly #all: SseTestStream[] = [];

  /** @internal What `SseClient` sends its requests to. */
  readonly transport: SseTransport = {
    // The client's waits: none is longer than it must be, so that a test with fake timers knows them.
    runtime: { random: () => 0 },
    open: (request) => this.#open(request),
  };

  /**
   * The one stream that matches, among those that no earlier call has taken.
   *
   * @throws if there is none, or more than one. The message lists those that there are.
   */
  async expectOne(match: SseMatch): Promise<SseTestStream> {
    const found = await this.match(match);
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    // Not taken: a second try of the test may match more exactly.
    this.#unmatched.push(...found);
    const others = this.#unmatched.map(({ url }) => url).join(', ');
    throw new Error(
      `Expected one stream for ${describe(match)}, and found ${found.length}. Streams that were opened: ${others === '' ? 'none' : others}.`,
    );
  }

  /** The streams that match, among those that no earlier call has taken. */
  async match(match: SseMatch): Promise<SseTestStream[]> {
    await settle();
    const found = this.#unmatched.filter((stream) => stream.attempts > 0 && isMatch(stream, match));
    for (const stream of found) this.#unmatched.splice(this.#unmatched.indexOf(stream), 1);
    return found;
  }

  /** @throws if a stream matches. */
  async expectNone(match: SseMatch): Promise<void> {
    await settle();
    const found = this.#unmatched.filter((stream) => isMatch(stream, match));
    if (found.length > 0) throw new Error(`Expected no stream for ${describe(match)}, and found ${found.length}.`);
  }

  /**
   * Checks that no stream is left over. Call it after each test.
   *
   * @throws for a stream that no call has taken, and for one that is still open: with its URL, since something that subscribed did not unsubscribe.
   */
  verify(): void {
    const unexpected = this.#unmatched.filter(({ attempts }) => attempts > 0);
    if (unexpected.length > 0) throw new Error(`Streams that the test did not expect: ${list(unexpected)}.`);
    const open = this.#all.filter(({ state }) => state !== 'closed');
    if (open.length > 0) {
      throw new Error(`Streams that are still open: ${list(open)}. Destroy their component, or unsubscribe.`);
    }
  }

  #open(request: SseRequest): SseTransportStream {
    const stream = new SseTestStream(request.url, (url) => {
      for (const status of this.#streams.all()) {
        const isWaiting = status.state().status === 'waiting' || status.state().status === 'offline';
        if (status.url === url && isWaiting) status.reconnect();
      }
    });
    this.#unmatched.push(stream);
    this.#all.push(stream);
    return { fetch: (input, init = {}) => stream.connect(input as string, init), close: () => stream.close() };
  }
}

function isMatch(stream: SseTestStream, match: SseMatch): boolean {
  if (typeof match === 'function') return match(stream);
  if (match instanceof RegExp) return match.test(stream.url);
  return stream.url === match || stream.url.endsWith(match.startsWith('/') ? match : `/${match}`);
}

function describe(match: SseMatch): string {
  return typeof match === 'function' ? 'a function' : `"${String(match)}"`;
}

function list(streams: readonly SseTestStream[]): string {
  return streams
    .map(({ url, attempts }) => `${url} (${attempts === 1 ? '1 request' : `${attempts} requests`})`)
    .join(', ');
}
