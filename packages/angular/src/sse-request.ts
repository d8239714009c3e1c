import type { EventStreamOptions, Gap, StreamState } from '@sillage/client';
import type { Observable } from 'rxjs';
import type { SseAuthentication, SseAuthenticationFactory } from './sse-authentication';

/** The client's options that are the same for `SseClient`: each has the name and meaning that it has in `@sillage/client`. */
export type SseStreamOptions<T = unknown> = Omit<
  EventStreamOptions<T>,
  'accessToken' | 'allowedOrigins' | 'body' | 'fetch' | 'headers' | 'runtime' | 'signal' | 'ticketUrl'
>;

/** The options of `SseClient.stream()`. */
export interface SseOptions<T = unknown> extends SseStreamOptions<T> {
  /** Sent with every attempt; a function is called at each. */
  readonly headers?: EventStreamOptions['headers'] & {};
  /** Sent as JSON, unless it is a string, which is sent unchanged. */
  readonly body?: unknown;
  /** Who the stream is opened as, instead of the application's default; `null`: nobody, no token is sent. */
  readonly authentication?: SseAuthenticationFactory | null;
  /**
   * `'separate'`: a connection of this stream alone, also with `withMultiplexing()` or `withTabSharing()`.
   * @default 'shared'
   */
  readonly connection?: 'shared' | 'separate';
  /** The ticket endpoint, relative to `withBaseUrl()`. Required for `tokenTransport: 'ticket'`. */
  readonly ticketUrl?: string;
  /** Calls the stream's `reconnect()` at each emission: the next attempt begins at once. */
  readonly reconnectOn?: Observable<unknown>;
  /**
   * Called at each subscription with who the stream is opened as; `null`: nobody. For code that keeps something of the user after the stream has
   * ended: its `ended` emits then too.
   */
  readonly onAuthentication?: (authentication: SseAuthentication | null) => void;
  /** Called when the stream moves to another state. */
  readonly onState?: (state: StreamState) => void;
  /** Called when the position moves: with the `lastEventId` that continues from there. */
  readonly onEventId?: (id: string) => void;
  /** Called when the stream continues on another connection, without a pause (PROTOCOL 9). */
  readonly onRotate?: () => void;
  /** Called when events were lost that the server's log no longer holds (PROTOCOL 5.3). */
  readonly onGap?: (gap: Gap) => void;
}

/** What interceptors see: the options, and the absolute URL. */
export interface SseRequest extends Omit<SseOptions, 'headers'> {
  readonly url: string;
  /** Sent with every attempt. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The `headers` of the caller, if they are a function. Its headers replace those of the same name. */
  readonly dynamicHeaders?: () => HeadersInit | PromiseLike<HeadersInit>;
}
